"""One vocabulary of events and fields, the same wherever it is used."""

from domain import vocabulary
from domain.events import BUILT_IN, CONTACT_FIELDS, OF_A_SEND, WRITABLE_FIELDS
from domain.follow_up_policy import Terms

SPECIFIED = """
    delivered deferred bounced complained opened clicked replied auto_replied unsubscribed resubscribed
    consent_requested consent_confirmed preferences_changed
    form_submitted survey_answered task_completed case_opened case_closed meeting_booked
    meeting_cancelled meeting_moved meeting_missed
    call_logged meeting_logged note_added purchased refunded points_changed tier_changed score_reached
    """

OF_FOLLOW_UPS = """
    task_opened task_assigned task_offered task_unassigned task_accepted task_not_accepted task_reminded task_escalated
    task_snoozed task_commented task_held task_released task_cancelled
    """

OF_CASES = """
    case_released case_reopened case_joined case_severity_changed case_contacted case_updated case_waiting
    case_answered case_diagnosed case_commented case_resolved case_kept_suspended case_letter_failed
    promise_kept promise_missed
    """
OF_LESSONS = "case_bought case_action_opened case_action_joined case_action_checked"
OF_REMEDIES = """
    case_remedy_proposed case_remedy_asked case_remedy_approved case_remedy_refused case_remedy_withdrawn
    case_remedy_delivered case_remedy_failed
    """


def test_the_built_in_events_are_those_of_the_language() -> None:
    said = (SPECIFIED, OF_FOLLOW_UPS, OF_REMEDIES, OF_CASES, OF_LESSONS)

    assert set(BUILT_IN) == {each for names in said for each in names.split()}


def test_what_belongs_to_a_message_is_an_event() -> None:
    assert set(BUILT_IN) >= OF_A_SEND


def test_an_update_never_writes_who_somebody_is() -> None:
    assert WRITABLE_FIELDS < CONTACT_FIELDS
    assert not WRITABLE_FIELDS & {"id", "email", "created_at"}


def test_conditions_know_the_same_fields_of_a_contact() -> None:
    assert vocabulary.CONTACT_FIELDS == CONTACT_FIELDS


def test_a_purchase_closes_a_follow_up_where_its_policy_says_so() -> None:
    assert BUILT_IN["purchased"] == {"order_id", "amount", "currency"}
    assert Terms.model_validate({"on": {"purchased": "complete"}}).on["purchased"].do == "complete"
