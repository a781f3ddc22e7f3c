"""Drains the inbox: submissions and events become contacts, starts and signals.

There is one at a time, by its workflow id. It ends when nothing is left; whoever brings something in starts it again.
"""

from temporalio import workflow

from workflows.options import DRAINING, DRAINING_HEARTBEAT, PATIENT

with workflow.unsafe.imports_passed_through():
    from activities.intake import Intake

# A drainer that never rests begins a fresh history after this many rounds.
MOST_ROUNDS = 200


@workflow.defn(name="Intake")
class IntakeWorkflow:
    """The one drainer."""

    def __init__(self) -> None:
        self.called = False

    @workflow.signal(name="look")
    def on_look(self) -> None:
        """Something came in."""
        self.called = True

    @workflow.run
    async def run(self) -> None:
        """Drain, start and wake until nothing is left."""
        for _ in range(MOST_ROUNDS):
            self.called = False
            drained = await workflow.execute_activity_method(
                Intake.drain,
                start_to_close_timeout=DRAINING,
                heartbeat_timeout=DRAINING_HEARTBEAT,
                retry_policy=PATIENT,
            )
            more = await workflow.execute_activity_method(
                Intake.send_out,
                start_to_close_timeout=DRAINING,
                heartbeat_timeout=DRAINING_HEARTBEAT,
                retry_policy=PATIENT,
            )
            if not drained.more and not more and not self.called:
                return
        workflow.continue_as_new()
