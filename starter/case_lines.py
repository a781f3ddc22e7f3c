"""What happened in a case, in one line each for our people, in every language the page speaks.

A blank is filled with what the event says; what it does not say is left out with what stands in its brackets.
"""

CASE_EVENTS: dict[str, dict[str, str]] = {
    "case_opened": {"en": "A case was opened[, {severity}]", "de": "Ein Fall wurde eröffnet[, {severity}]"},
    "case_closed": {"en": "A case was closed[: {outcome}]", "de": "Ein Fall wurde geschlossen[: {outcome}]"},
    "case_released": {"en": "They get marketing again[: {why}]", "de": "Werbung ist wieder frei[: {why}]"},
    "case_reopened": {"en": "A case was opened again[: {why}]", "de": "Ein Fall wurde wieder geöffnet[: {why}]"},
    "case_remedy_proposed": {
        "en": "Proposed {kind}[, {amount}][ {currency}]",
        "de": "Vorschlag: {kind}[, {amount}][ {currency}]",
    },
    "case_remedy_asked": {"en": "{to} is asked for a yes to {kind}", "de": "{to} soll {kind} genehmigen"},
    "case_remedy_approved": {"en": "{kind} was granted", "de": "{kind} genehmigt"},
    "case_remedy_refused": {"en": "{kind} was not granted[: {why}]", "de": "{kind} abgelehnt[: {why}]"},
    "case_remedy_withdrawn": {"en": "{kind} was taken back[: {why}]", "de": "{kind} zurückgenommen[: {why}]"},
    "case_remedy_delivered": {"en": "{kind} was delivered", "de": "{kind} geliefert"},
    "case_remedy_failed": {"en": "{kind} could not be delivered[: {why}]", "de": "{kind} nicht geliefert[: {why}]"},
    "case_bought": {
        "en": "Bought again within {days} days: {bought}",
        "de": "Binnen {days} Tagen wieder gekauft: {bought}",
    },
    "case_action_opened": {
        "en": "{owner} sees to the cause {cause}[: {why}]",
        "de": "{owner} kümmert sich um die Ursache {cause}[: {why}]",
    },
    "case_action_joined": {
        "en": "Somebody sees to the cause {cause} already",
        "de": "Um die Ursache {cause} kümmert sich schon jemand",
    },
    "case_action_checked": {
        "en": "The cause {cause} came {before} times before, {after} times after",
        "de": "Die Ursache {cause} kam vorher {before} Mal, danach {after} Mal",
    },
    "case_joined": {"en": "Told of it again[, {severity}]", "de": "Noch einmal gemeldet[, {severity}]"},
    "case_severity_changed": {
        "en": "Severity {severity}[ in place of {before}][: {why}]",
        "de": "Schwere {severity}[ statt {before}][: {why}]",
    },
    "case_contacted": {
        "en": "Spoken with, or written to[ by {channel}][: {note}]",
        "de": "Kontakt[ über {channel}][: {note}]",
    },
    "case_updated": {"en": "Told how it stands", "de": "Über den Stand unterrichtet"},
    "case_waiting": {
        "en": "Asked something; the clocks of the case stand still",
        "de": "Gefragt; die Uhren des Falls stehen",
    },
    "case_answered": {
        "en": "Answered; the clocks of the case go on[: {note}]",
        "de": "Geantwortet; die Uhren des Falls laufen weiter[: {note}]",
    },
    "case_diagnosed": {
        "en": "The cause is {cause}[ in place of {before}][: {note}]",
        "de": "Die Ursache ist {cause}[ statt {before}][: {note}]",
    },
    "case_commented": {"en": "{note}", "de": "{note}"},
    "case_resolved": {"en": "The case is resolved", "de": "Der Fall ist gelöst"},
    "case_kept_suspended": {
        "en": "They get no marketing until somebody decides[: satisfied {score} of 5]",
        "de": "Keine Werbung, bis jemand entscheidet[: zufrieden mit {score} von 5]",
    },
    "case_letter_failed": {
        "en": "A letter did not arrive[: {letter}][, {why}]",
        "de": "Ein Brief kam nicht an[: {letter}][, {why}]",
    },
    "promise_kept": {"en": "Promise kept: {promise}", "de": "Versprechen gehalten: {promise}"},
    "promise_missed": {"en": "Promise missed: {promise}", "de": "Versprechen nicht gehalten: {promise}"},
}
