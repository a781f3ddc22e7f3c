"""The clock of one broadcast: asks what there is to do, sleeps until it is due or somebody calls, and asks again.

Everything it knows stands in the broadcast's row. So a pause, another rate or a stop is a row and a call, and whatever
dies goes on from the row.
"""

from datetime import timedelta

from temporalio import workflow

from workflows.options import PATIENT, STEPPING, STEPPING_HEARTBEAT

with workflow.unsafe.imports_passed_through():
    from activities.broadcasts import Broadcasts, Going, Stands

# Without anything due it looks this often all the same: a pause of its sequence may have been ended elsewhere.
AT_LEAST_EVERY = timedelta(minutes=1)
SHORTEST = timedelta(milliseconds=100)
# Continue as new at this many events.
MOST_EVENTS = 2_000


@workflow.defn(name="Broadcast")
class BroadcastWorkflow:
    """One broadcast, from its making to its end."""

    @workflow.init
    def __init__(self, broadcast: str) -> None:
        self.broadcast = broadcast
        self.called = False

    @workflow.signal(name="look")
    def on_look(self) -> None:
        """Somebody changed the row."""
        self.called = True

    @workflow.run
    async def run(self, broadcast: str) -> None:
        """Go on until it is over."""
        while not self.is_long():
            self.called = False
            stands = await workflow.execute_activity_method(
                Broadcasts.go_on,
                Going(broadcast=broadcast, now=workflow.now()),
                start_to_close_timeout=STEPPING,
                heartbeat_timeout=STEPPING_HEARTBEAT,
                retry_policy=PATIENT,
            )
            if stands.over:
                return
            await self.rest(stands)
        workflow.continue_as_new(broadcast)

    async def rest(self, stands: Stands) -> None:
        """Sleep until there is something to do, or somebody calls."""
        left = stands.due - workflow.now() if stands.due is not None else AT_LEAST_EVERY
        workflow.set_current_details(f"next: {stands.due or 'when it is called'}")
        if stands.due is not None and left <= timedelta(0):
            return
        try:
            await workflow.wait_condition(lambda: self.called, timeout=max(left, SHORTEST))
        except TimeoutError:
            return

    def is_long(self) -> bool:
        """Whether the history should begin anew."""
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= MOST_EVENTS
            or info.is_target_worker_deployment_version_changed()
        )
