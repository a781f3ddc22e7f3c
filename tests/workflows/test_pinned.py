"""A text that stays, for those inside, as it was when they entered."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.test_sequence import ANN, BOB, FILES
from tests.workflows.world import Someone, living

pytestmark = pytest.mark.workflow

TWO = "topic: news\nsteps: [{wait: 1 day}, {send: t/terms}, {send: t/bye}]"
TERMS = """---
class: marketing
pin: entry
---
{% block subject %}OUR_TERMS{% endblock %}
{% block html %}<p>{{ unsubscribe_url }}</p>{% endblock %}
"""


async def test_who_entered_before_a_new_text_gets_the_old_one_and_the_newest_of_the_others(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    before = FILES | {"sequences/two.yaml": TWO, "templates/email/t/terms.html": TERMS.replace("OUR_TERMS", "Terms")}
    bye = FILES["templates/email/t/bye.html"].replace("%}Bye{%", "%}Until soon{%")
    after = before | {
        "templates/email/t/terms.html": TERMS.replace("OUR_TERMS", "New terms"),
        "templates/email/t/bye.html": bye,
    }
    async with living(env, tmp_path) as world:
        await world.publish(before)
        inside = await world.enter("two", [Someone(ANN)], datetime.now(UTC).replace(microsecond=0))
        await world.publish(after)
        later = await world.enter("two", [Someone(BOB)], datetime.now(UTC).replace(microsecond=0))

        await inside.live()
        await later.live()

        [ann, bob] = [told for journey in (inside, later) for told in await journey.timelines()]
        assert [row["subject"] for row in ann["timeline"] if row["did"] == "sent"] == ["Terms", "Until soon"]
        assert [row["subject"] for row in bob["timeline"] if row["did"] == "sent"] == ["New terms", "Until soon"]
