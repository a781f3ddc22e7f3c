"""What contacts and providers do, in one vocabulary. Own events are declared in `policies/events.yaml`.

The names are sequence-language.md section 4's; the fields are what a condition may read of each.
"""

MESSAGE_FIELDS = frozenset({"step", "template", "topic", "channel"})
MEETING_FIELDS = frozenset({"email", "starts_at", "ends_at", "minutes", "meeting", "title", "host", "host_email"})
MEETING_FIELDS |= {"place", "join_url", "answers"}
REMEDY_FIELDS = frozenset({"case", "remedy", "kind", "amount", "currency"})
# What a survey about a case has beside its score: the case, the score as 1 to 5, the effort, was the promise kept.
OF_A_CASE = frozenset({"case", "satisfaction", "effort", "kept"})
ACTION_FIELDS = frozenset({"case", "number", "cause", "action"})
OF_CASE = frozenset({"case", "number"})
LOGGED_FIELDS = frozenset({"person", "department", "text"})

BUILT_IN: dict[str, frozenset[str]] = {
    "delivered": MESSAGE_FIELDS,
    "deferred": MESSAGE_FIELDS,
    "bounced": MESSAGE_FIELDS | {"code", "reason", "permanent"},
    "complained": MESSAGE_FIELDS,
    "opened": MESSAGE_FIELDS | {"by"},
    "clicked": MESSAGE_FIELDS | {"url", "by"},
    "replied": MESSAGE_FIELDS | {"subject"},
    "auto_replied": MESSAGE_FIELDS | {"until"},
    "unsubscribed": frozenset({"topic", "channel", "how"}),
    "resubscribed": frozenset({"topic", "channel"}),
    "consent_requested": frozenset({"topic", "channel", "form", "source"}),
    "consent_confirmed": frozenset({"topic", "channel"}),
    "preferences_changed": frozenset({"changed"}),
    "form_submitted": frozenset({"form", "source"}),
    "survey_answered": frozenset({"survey", "score", "comment", "low", "before"} | OF_A_CASE),
    "task_opened": frozenset({"task", "title", "team", "policy", "source"}),
    "task_assigned": frozenset({"task", "to"}),
    "task_offered": frozenset({"task", "to"}),
    "task_unassigned": frozenset({"task"}),
    "task_accepted": frozenset({"task"}),
    "task_not_accepted": frozenset({"task"}),
    "task_reminded": frozenset({"task", "to", "clock", "percent", "due"}),
    "task_escalated": frozenset({"task", "percent", "role", "to", "of"}),
    "task_snoozed": frozenset({"task", "until"}),
    "task_commented": frozenset({"task", "note"}),
    "task_held": frozenset({"task", "until"}),
    "task_released": frozenset({"task"}),
    "task_completed": frozenset({"task", "outcome", "note"}),
    "task_cancelled": frozenset({"task"}),
    "case_opened": frozenset({"case", "severity", "incident"}),
    "case_closed": frozenset({"case", "severity", "outcome"}),
    "case_released": frozenset({"case", "number", "why"}),
    "case_reopened": frozenset({"case", "number", "severity", "before", "why"}),
    "case_remedy_proposed": REMEDY_FIELDS | {"rule"},
    "case_remedy_asked": REMEDY_FIELDS | {"to"},
    "case_remedy_approved": REMEDY_FIELDS | {"level"},
    "case_remedy_refused": REMEDY_FIELDS | {"why", "alternative"},
    "case_remedy_withdrawn": REMEDY_FIELDS | {"why"},
    "case_remedy_delivered": REMEDY_FIELDS,
    "case_remedy_failed": REMEDY_FIELDS | {"why"},
    "case_bought": frozenset({"case", "number", "days", "bought"}),
    "case_action_opened": ACTION_FIELDS | {"why", "owner", "due"},
    "case_action_joined": ACTION_FIELDS,
    "case_action_checked": ACTION_FIELDS | {"before", "after", "better"},
    "case_joined": OF_CASE | {"severity"},
    "case_severity_changed": OF_CASE | {"severity", "before", "why"},
    "case_contacted": OF_CASE | {"channel", "note"},
    "case_updated": OF_CASE,
    "case_waiting": OF_CASE,
    "case_answered": OF_CASE | {"note"},
    "case_diagnosed": OF_CASE | {"cause", "before", "note"},
    "case_commented": OF_CASE | {"note"},
    "case_resolved": OF_CASE | {"how"},
    "case_kept_suspended": OF_CASE | {"score"},
    "case_letter_failed": OF_CASE | {"letter", "why"},
    "promise_kept": frozenset({"case", "promise", "number"}),
    "promise_missed": frozenset({"case", "promise", "number"}),
    "meeting_booked": MEETING_FIELDS,
    "meeting_moved": MEETING_FIELDS | {"moved_from"},
    "meeting_cancelled": MEETING_FIELDS | {"reason", "cancelled_by"},
    "meeting_missed": MEETING_FIELDS,
    "call_logged": LOGGED_FIELDS | {"direction", "minutes", "outcome"},
    "meeting_logged": LOGGED_FIELDS | {"minutes", "outcome"},
    "note_added": LOGGED_FIELDS,
    "purchased": frozenset({"order_id", "amount", "currency"}),
    "refunded": frozenset({"order_id", "amount", "currency"}),
    "points_changed": frozenset({"points", "change"}),
    "tier_changed": frozenset({"tier", "before"}),
    "score_reached": frozenset({"threshold", "score", "fit", "engagement", "why"}),
}

# What became of something to make good.
REMEDIES = frozenset(name for name in BUILT_IN if name.startswith("case_remedy_"))
# What is done about a case until it is closed, and what became of its promises.
RECOVERING = frozenset(
    {"case_joined", "case_severity_changed", "case_contacted", "case_updated", "case_waiting", "case_answered"}
    | {"case_diagnosed", "case_commented", "case_resolved", "case_kept_suspended", "case_letter_failed"}
    | {"promise_kept", "promise_missed"}
)
# What was learned from a case, and whether its customer came back.
LESSONS = frozenset({"case_bought", "case_action_opened", "case_action_joined", "case_action_checked"})
MEETINGS = frozenset({"meeting_booked", "meeting_moved", "meeting_cancelled", "meeting_missed"})

# Becoming a member of a segment; which one stands in its field `segment`. Only we say so: nobody can tell it to us.
SEGMENT_ENTERED = "segment_entered"

# A contact has come up to a threshold of policies/scoring.yaml. Only we say so.
SCORE_REACHED = "score_reached"

# One of us has written to a contact, or somebody to one of us, with a copy to us. Who it was is all that says so:
# nothing can be made to hang on it, and nobody can tell it to us.
MAIL_LOGGED = "mail_logged"
ONLY_WE_SAY = frozenset({SCORE_REACHED, MAIL_LOGGED})

# One of us says that somebody is not to be written to, or is again. Only we say so.
SUPPRESSED, UNSUPPRESSED = "suppressed", "unsuppressed"

# A yes that has to be confirmed was given; the sequence that starts on it sends the link that confirms it.
CONSENT_REQUESTED = "consent_requested"

# The topic that stands for all of them, in a withdrawal.
EVERYTHING = "*"

# What an event makes of the consent to the topic it names.
SAYS_OF_TOPICS = {
    "unsubscribed": "opted_out",
    CONSENT_REQUESTED: "pending",
    "consent_confirmed": "opted_in",
    "resubscribed": "opted_in",
}

# With these a contact, or one of us, says whether to write at all.
SAYS_WHETHER_TO_WRITE = frozenset({"unsubscribed", "complained", SUPPRESSED})

# What a person did with one of our messages: matched to the send it came from.
OF_A_SEND = frozenset({"delivered", "deferred", "bounced", "complained"})
OF_A_SEND |= frozenset({"opened", "clicked", "replied", "auto_replied"})

CONTACT_FIELDS = frozenset({"id", "email", "phone", "first_name", "last_name", "company", "country", "city"})
CONTACT_FIELDS |= frozenset({"language", "time_zone", "stage", "tier", "score", "tags", "owner", "source"})
CONTACT_FIELDS |= frozenset({"created_at"})

# Where a contact comes from who was made up for a test of a message: in no segment, until somebody else brings them in.
ONLY_TESTED = "send --test"

# What an `update` step may write of the built-in fields; the others are found out, not decided.
WRITABLE_FIELDS = CONTACT_FIELDS - {"id", "email", "created_at", "tags"}
