"""One complaint made good: the clock of a case, the door by which people act on it, and the delivery of its remedies.

Everything it knows stands in the case's row. It sleeps until something is due or somebody changes the row, and asks;
what people want done are updates, refused with a reason where they make no sense. A remedy that was granted is
delivered beside the clock: its promises run on while a system of the company's does not answer.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow

from workflows.clockwork import Clockwork, unless_refused
from workflows.options import DELIVERING, DELIVERING_HEARTBEAT, PATIENT, RECORDING

with workflow.unsafe.imports_passed_through():
    from activities.recovery import ActingOnCase, LookingAtCase, Recoveries, Settling
    from activities.remedies import Delivering, Remedies
    from domain.follow_up_door import said_at
    from domain.recovery_actions import CaseAsked
    from domain.recovery_door import CaseStands

A_MOMENT = timedelta(seconds=1)


@workflow.defn(name="ServiceRecovery")
class ServiceRecoveryWorkflow(Clockwork[CaseStands]):
    """One case, from its opening until nothing happens any more."""

    @workflow.init
    def __init__(self, case: str) -> None:
        super().__init__()
        self.case = case
        self.delivering: dict[str, asyncio.Task[None]] = {}

    @workflow.signal(name="look")
    def on_look(self) -> None:
        """Something happened that concerns it: to the contact, to a letter, to a calendar."""
        self.called = True

    @workflow.update(name="act")
    async def act(self, asked: CaseAsked) -> CaseStands:
        """Do what a person wants done; return where the case stands then."""
        info = workflow.current_update_info()
        assert info is not None, "an update has an id"
        now = said_at(asked.at, workflow.now())
        acting = ActingOnCase(case=self.case, now=now, key=info.id, action=asked.action)
        stands = await unless_refused(
            workflow.execute_activity_method(
                Recoveries.act, acting, start_to_close_timeout=RECORDING, retry_policy=PATIENT
            )
        )
        self.saw(stands)
        return stands

    @workflow.run
    async def run(self, case: str) -> None:
        """Go on until it is over."""
        while not self.is_over():
            if self.is_long() and not self.delivering:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(case)
            self.deliver()
            if self.has_to_look():
                await self.look()
            else:
                await self.rest()
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self.delivering)

    async def look(self) -> None:
        """Have happen what is due."""
        asked, self.called = self.called, False
        looking = LookingAtCase(case=self.case, now=workflow.now(), asked=asked)
        self.saw(
            await workflow.execute_activity_method(
                Recoveries.look, looking, start_to_close_timeout=RECORDING, retry_policy=PATIENT
            )
        )

    def deliver(self) -> None:
        """Begin the delivery of every remedy that was granted, each once at a time."""
        for remedy in self.seen.deliver if self.seen is not None else ():
            if remedy not in self.delivering:
                self.delivering[remedy] = asyncio.create_task(self.delivered(remedy))

    async def delivered(self, remedy: str) -> None:
        """Deliver a remedy, or undo what was begun of it; either is written down, and the customer told accordingly."""
        while True:
            delivering = Delivering(case=self.case, remedy=remedy, now=workflow.now())
            fate = await workflow.execute_activity_method(
                Remedies.deliver,
                delivering,
                start_to_close_timeout=DELIVERING,
                heartbeat_timeout=DELIVERING_HEARTBEAT,
                retry_policy=PATIENT,
            )
            if fate.again_at is None:
                break
            # At least a moment: an attempt that died is known to be over only when its time is.
            await workflow.sleep(max(fate.again_at - workflow.now(), A_MOMENT))
        settling = Settling(case=self.case, remedy=remedy, now=workflow.now(), delivered=fate.delivered, why=fate.why)
        stands = await workflow.execute_activity_method(
            Recoveries.settle, settling, start_to_close_timeout=RECORDING, retry_policy=PATIENT
        )
        del self.delivering[remedy]
        self.saw(stands)
        self.called = True

    def is_over(self) -> bool:
        """Whether nothing happens any more."""
        return self.seen is not None and self.seen.over
