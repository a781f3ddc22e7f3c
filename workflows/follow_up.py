"""One promise kept or escalated: the clock of a follow-up, and the door by which people act on it.

Everything it knows stands in the follow-up's row. It sleeps until something rings or somebody changes the row, and
asks; what people want done are updates, refused with a reason where they make no sense. So whatever dies goes on from
the row.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.clockwork import Clockwork, unless_refused
from workflows.options import PATIENT, RECORDING

with workflow.unsafe.imports_passed_through():
    from activities.people import Acting, Looking, People
    from domain.follow_up_actions import Asked
    from domain.follow_up_door import REFUSED, Stands, said_at, turned_away


@workflow.defn(name="FollowUp")
class FollowUpWorkflow(Clockwork[Stands]):
    """One follow-up, from its opening to its end."""

    @workflow.init
    def __init__(self, follow_up: str) -> None:
        super().__init__()
        self.follow_up = follow_up

    @workflow.signal(name="look")
    def on_look(self) -> None:
        """Something happened that concerns it: to the contact, to our people, to a calendar."""
        self.called = True

    @workflow.update(name="act")
    async def act(self, asked: Asked) -> Stands:
        """Do what a person wants done; return where it stands then."""
        info = workflow.current_update_info()
        assert info is not None, "an update has an id"
        acting = Acting(
            follow_up=self.follow_up, now=said_at(asked.at, workflow.now()), key=info.id, action=asked.action
        )
        stands = await unless_refused(
            workflow.execute_activity_method(People.act, acting, start_to_close_timeout=RECORDING, retry_policy=PATIENT)
        )
        self.saw(stands)
        return stands

    @act.validator
    def may_act(self, asked: Asked) -> None:
        """Turn away at once what cannot be done whatever else is true."""
        why_not = turned_away(self.seen, asked.action)
        if why_not is not None:
            raise ApplicationError(why_not, type=REFUSED, non_retryable=True)

    @workflow.run
    async def run(self, follow_up: str) -> None:
        """Go on until it has ended."""
        while not self.is_over():
            if self.is_long():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(follow_up)
            if self.has_to_look():
                await self.look()
            else:
                await self.rest()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def look(self) -> None:
        """Have ring what is due."""
        asked, self.called = self.called, False
        looking = Looking(follow_up=self.follow_up, now=workflow.now(), asked=asked)
        self.saw(
            await workflow.execute_activity_method(
                People.look, looking, start_to_close_timeout=RECORDING, retry_policy=PATIENT
            )
        )

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.seen is not None and self.seen.ended is not None
