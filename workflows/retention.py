"""A round through all contacts: who has become a member of a segment, who has a date coming.

Workers begin one every hour and after each publication; there is one at a time, by its workflow id, and it ends when
everybody was looked at.
"""

from temporalio import workflow

from workflows.options import LOOKING, LOOKING_HEARTBEAT, PATIENT

with workflow.unsafe.imports_passed_through():
    from activities.retention import Retention

# A round through very many contacts begins a fresh history after this many activities.
MOST_LOOKS = 200


@workflow.defn(name="Retention")
class RetentionWorkflow:
    """One round."""

    @workflow.run
    async def run(self) -> None:
        """Look until everybody was looked at."""
        for _ in range(MOST_LOOKS):
            looked = await workflow.execute_activity_method(
                Retention.look_at_contacts,
                start_to_close_timeout=LOOKING,
                heartbeat_timeout=LOOKING_HEARTBEAT,
                retry_policy=PATIENT,
            )
            if looked.over:
                return
        workflow.continue_as_new()
