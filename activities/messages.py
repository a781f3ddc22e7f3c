"""Messages of many members at once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from activities.account import Account
from activities.attempt import Attempt
from activities.batches import Answers, Batch
from activities.beside import Effects, Member, Read
from activities.handing_over import Writers
from activities.post import Bundle, Post
from activities.steps import nothing_waits
from domain.keys import send_key
from domain.needs import Deliver, Outcome
from records.channel_states import all_stopped, queue_of
from records.gate import read_for_message
from records.ledger import by_key
from records.published import Published
from records.throttling import queues
from records.waits import waiting_of
from rendering.catalogue import Catalogue

TEMPLATES = "templates/"


@dataclass
class Messages:
    """The activity that sends. `at_once` is how many messages one batch works on side by side."""

    post: Post
    published: Published
    at_once: int = 20
    oldest_waiting: Callable[[Collection[str]], datetime | None] = nothing_waits

    def __post_init__(self) -> None:
        post = self.post
        self._bundles: dict[str, Bundle] = {}
        self._effects = Effects(
            post.database, self.published, post.clock, post.withdrawn, self.at_once, self.oldest_waiting
        )

    @activity.defn(name="send")
    async def send(self, batch: Batch) -> Answers:
        """Send the message of every member through the gate and the ledger."""
        read, bundles, begun, busy = await self.post.database.read(lambda session: self._read(session, batch))

        writers = Writers(self.post.database)

        async def one(member: Member) -> Outcome:
            bundle = bundles[member.facts.enrolment]
            account = Account(self.post, batch, member.asked, member.facts, member.contact_id, bundle)
            attempt = Attempt(account, writers)
            return await attempt.send(begun=attempt.key in begun, busy=busy)

        return await self._effects.each(batch, read, one)

    def _read(self, session: Session, batch: Batch) -> tuple[Read, dict[str, Bundle], frozenset[str], frozenset[str]]:
        """Return what is known, what to write to each with, the send keys that an earlier attempt began with, and the
        queues in which messages wait."""
        keys = [send_key(enrolment, each.step, each.visit) for enrolment, each in batch.asked().items()]
        read = self._effects.read(session, batch)
        texts = self._texts(session, batch, read)
        if isinstance(batch.need, Deliver):
            catalogue, sent = next(iter(texts.values())).catalogue, (batch.need.channel, batch.need.template)
            class_, survey = catalogue.class_of(*sent), catalogue.survey_of(*sent)
            read_for_message(session, read.known, read.policies, batch.need, class_, batch.now, survey=survey)
        else:
            read.known.waits = waiting_of(session, list(read.known.contacts))  # what it waits for is said if it expires
        busy = frozenset(queue_of(each) for each in all_stopped(session))
        if read.policies.messaging.throttles:
            busy |= queues(session, batch.now)
        return read, texts, frozenset(by_key(session, keys)), busy

    def _texts(self, session: Session, batch: Batch, read: Read) -> dict[str, Bundle]:
        """Return the files to write to each member with: the newest, or those of the entry if the template says so."""
        name = self.published.bundle(session)
        if name is None:
            raise LookupError("nothing is published; run 'rapport publish'")
        newest, need = self._bundle(session, name), batch.need
        found = dict.fromkeys(batch.asked(), newest)
        if isinstance(need, Deliver) and newest.pins(need.channel, need.template):
            for enrolment, row in read.known.enrolments.items():
                at_entry = self._bundle(session, row.bundle) if row.bundle is not None else newest
                if need.template in at_entry.catalogue.names(need.channel):
                    found[enrolment] = at_entry
        return found

    def _bundle(self, session: Session, name: str) -> Bundle:
        if name not in self._bundles:
            files = self.published.files(session, name)
            sources = {path.removeprefix(TEMPLATES): text for path, text in files.items() if path.startswith(TEMPLATES)}
            self._bundles[name] = Bundle(name, sources, Catalogue(sources))
        return self._bundles[name]
