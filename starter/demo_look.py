"""The demo's last chapters: what the records tell of everybody, and what the next weeks bring them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes

from domain.story import Story
from starter.cli_contacts import show_contact
from starter.composer import as_mail, make_composer
from starter.demo_future import ahead, differs, foreseen
from starter.demo_play import Play
from starter.demo_show import Stage
from starter.demo_world import Unseen, commands_on
from starter.home import load_home, read_home
from starter.standing import Stand
from starter.telling import deed, ended, on_clock, reasons

DAYS = 30


def timelines(this: Play) -> None:
    """Everything about everybody, by the command that shows it."""
    this.stage.chapter("10  The timeline of each contact")
    for each in this.cast.everybody:
        this.stage.say(f"$ rapport contact show {each.email}", "cyan")
        with commands_on(this.world.settings):
            shown = show_contact(each.email).shown
        this.stage.show(shown)
        this.stage.console.print()
    this.stage.seen("everything above is read from the records: what came in, what was decided, and why")


def where_to_look(this: Play) -> None:
    """The addresses, for as long as the demo is up."""
    this.stage.chapter("11  Where to look while it is up")
    names = {"temporal ui": "Temporal's UI", "mail": "the mail kept", "web": "forms and events; see /docs"}
    for part, name in names.items():
        this.stage.say(f"{name:30} {this.world.addresses[part]}")


def what_comes(this: Play) -> None:
    """The next weeks, by simulation with the production rules."""
    stage, now = this.stage, datetime.now(UTC)
    stage.chapter(f"12  The next {DAYS} days, by simulation")
    stage.say("The production rules on a virtual clock: from entry, the record as it is now, what really happened.")
    stage.say("From here on nobody does anything in it: they neither click, nor answer, nor book.")
    loaded = load_home(read_home(this.world.settings.home))
    with make_composer(loaded) as composer:
        for each in this.cast.everybody:
            stand = this.stand(each)
            story = foreseen(stand, loaded.templates, composer, now + timedelta(days=DAYS))
            if unlike := differs(stand, story, now):
                raise Unseen(f"simulation: {each.who} {unlike}; see domain/simulation.py")
            _tell(stage, each.who, stand, story, now)
            if each is this.cast.anna:
                _show_way_out(stage, story)
    stage.seen("where the simulation has them now is where each of them really is")


def _tell(stage: Stage, who: str, stand: Stand, story: Story, now: datetime) -> None:
    zone = stand.facts.zone
    stage.console.print()
    stage.say(f"{who}, {stand.facts.program.sequence}, on the clock of {zone.name}", "bold")
    coming = ahead(story, now)
    rows = [(on_clock(row["at"], zone.zone), row["step"], deed(row, zone.zone), reasons(row)) for row in coming]
    if rows:
        stage.table(("when", "step", "what happens", "why"), rows)
    if story.end is not None:
        stage.say(f"{on_clock(story.end['at'], zone.zone)}  {ended(story.end['reason'])}", "dim")
    elif story.waiting:
        stage.say(f"after {DAYS} days: still waits at {story.waiting['step']}", "dim")


def _show_way_out(stage: Stage, story: Story) -> None:
    """Show what the next mailing carries that the answer to a form does not."""
    for row, (planned, written) in sorted(story.letters.items()):
        if planned.class_ == "marketing":
            mail = message_from_bytes(as_mail(planned, written, story.facts, str(row)))
            way_out, post = mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]
            line = f"“{written.subject}” is a mailing: List-Unsubscribe with an address, List-Unsubscribe-Post: {post}"
            stage.see(bool(way_out and post), line, "mail: a mailing has no List-Unsubscribe; see starter/composer.py")
            return
