"""A message that answers an earlier one of the same run, and says so to mail programs."""

from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.test_sequence import ANN, FILES
from tests.workflows.world import Someone, living

pytestmark = pytest.mark.workflow

FOLDED = """
topic: news
steps:
  - send: t/hello
  - wait: 1 day
  - send: t/bye
    thread: hello
  - send: t/lacking
    id: lacking
    expires: 1 hour
  - send: t/alone
    id: alone
    thread: lacking
"""


async def test_a_reply_names_the_message_it_answers_and_one_that_nobody_got_is_not_answered(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    lacking = FILES["templates/email/t/bye.html"].replace("<p>Bye</p>", "{{ contact.company }}")
    files = FILES | {"sequences/folded.yaml": FOLDED, "templates/email/t/lacking.html": lacking}
    files["templates/email/t/alone.html"] = FILES["templates/email/t/bye.html"]
    async with living(env, tmp_path) as world:
        await world.publish(files)
        journey = await world.enter("folded", [Someone(ANN)], datetime.now(UTC).replace(microsecond=0))

        await journey.live()

        (told,) = await journey.timelines()
        kept = sorted(world.mail.mailbox.list(), key=lambda each: each.number)
        hello, bye, alone = (message_from_bytes(world.mail.mailbox.raw(each.number)) for each in kept)
        assert [row["did"] for row in told["timeline"]] == ["sent", "waited", "sent", "held", "skipped", "sent"]
        assert bye["In-Reply-To"] == hello["Message-ID"]
        assert bye["References"].split() == [hello["Message-ID"], bye["Message-ID"]]
        assert (alone["In-Reply-To"], alone["References"]) == (None, None)
