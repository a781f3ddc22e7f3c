"""What the follow-ups of a case go by: those of its own promises, and of what people do for the customer beside it.

The one thing to know: `records/case_follow_ups.py` and `domain/simulated_recovery.py` both ask here, so what is
simulated of a case is what happens.
"""

from domain.follow_up_policy import Move, Snooze, Terms
from domain.recovery import Case, OpenTask
from domain.recovery_policy import Recovery


def terms_of(policy: Recovery, case: Case) -> Terms:
    """Return what the follow-up of a case goes by: accepting as its severity says, and nothing that puts it off."""
    return Terms(
        accept_by=case.clocks.accept,
        done_by=case.clocks.resolve,
        remind=policy.remind,
        warn_lead=policy.warn_lead,
        hops=policy.hops,
        ladder=policy.ladder,
        reassign_after=policy.reassign_after,
        snooze=Snooze(times=0),
        on={"replied": Move(do="tell"), "bounced": Move(do="tell")},
    )


def terms_beside(plain: Terms, deed: OpenTask) -> Terms:
    """Return what a task beside the case goes by: the default terms of follow-ups, with a time of its own."""
    return plain.model_copy(update={"done_by": deed.by})


def terms_of_action(policy: Recovery) -> Terms:
    """Return what the follow-up of a corrective action goes by: nothing that its contact does has a part in it."""
    return Terms(
        done_by=policy.learn.due,
        remind=policy.remind,
        warn_lead=policy.warn_lead,
        ladder=policy.ladder,
        reassign_after=policy.reassign_after,
        on={},
    )
