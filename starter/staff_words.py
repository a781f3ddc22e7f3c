"""What the page behind a link to our people says, in every language it speaks. A test compares them name by name."""

from starter.case_page_words import CASE_WORDS

WORDS: dict[str, dict[str, str]] = {
    "for": {"en": "You are {who}.", "de": "Sie sind {who}."},
    # where it stands
    "yours": {"en": "This task is yours, since {at}.", "de": "Diese Aufgabe liegt seit {at} bei Ihnen."},
    "with": {"en": "This task is with {who}, since {at}.", "de": "Diese Aufgabe liegt seit {at} bei {who}."},
    "offered": {
        "en": "Whoever of you takes this task first has it: {who}.",
        "de": "Wer die Aufgabe zuerst annimmt, hat sie: {who}.",
    },
    "nobody": {"en": "Nobody has this task yet.", "de": "Noch niemand hat diese Aufgabe."},
    "team_has": {"en": "This task is with the team {who}.", "de": "Diese Aufgabe liegt beim Team {who}."},
    "accepted": {"en": "Accepted {at}.", "de": "Angenommen am {at}."},
    "not_accepted": {"en": "Nobody has accepted it yet.", "de": "Sie ist noch nicht angenommen."},
    "not_yours": {
        "en": "It is not yours: you can take it over, or comment.",
        "de": "Sie liegt nicht bei Ihnen: Sie können sie übernehmen oder kommentieren.",
    },
    "only_comment": {"en": "You can comment.", "de": "Sie können kommentieren."},
    "stands_still": {
        "en": "Put off: its clocks stand still until {at}.",
        "de": "Zurückgestellt: Die Uhren stehen bis {at}.",
    },
    "stands_still_open": {
        "en": "The contact is away; the clocks stand still.",
        "de": "Der Kontakt ist nicht da; die Uhren stehen.",
    },
    "completed": {
        "en": "Already completed by {who} at {at}, with “{outcome}”.",
        "de": "Schon erledigt von {who} am {at}, mit „{outcome}“.",
    },
    "cancelled": {"en": "Already cancelled by {who} at {at}.", "de": "Schon abgesagt von {who} am {at}."},
    "note_then": {"en": "Note: {note}", "de": "Notiz: {note}"},
    "itself": {"en": "the system", "de": "das System"},
    # facts
    "contact": {"en": "Contact", "de": "Kontakt"},
    "name": {"en": "Name", "de": "Name"},
    "company": {"en": "Company", "de": "Firma"},
    "email": {"en": "E-mail", "de": "E-Mail"},
    "phone": {"en": "Phone", "de": "Telefon"},
    "language": {"en": "Language", "de": "Sprache"},
    "place": {"en": "Place", "de": "Ort"},
    "clocks": {"en": "By when", "de": "Bis wann"},
    "accept_by": {"en": "Accept by", "de": "Annehmen bis"},
    "done_by": {"en": "Done by", "de": "Erledigen bis"},
    "overdue": {"en": "overdue", "de": "überfällig"},
    "on_clock": {"en": "All times: {zone}", "de": "Alle Zeiten: {zone}"},
    "why": {"en": "Why", "de": "Warum"},
    "opened_by": {"en": "Opened by {source}, {at}.", "de": "Entstanden durch {source}, {at}."},
    "opened": {"en": "Opened {at}.", "de": "Entstanden am {at}."},
    # forms
    "act": {"en": "What to do", "de": "Was tun"},
    "accept": {"en": "Accept", "de": "Annehmen"},
    "take": {"en": "Take it over", "de": "Übernehmen"},
    "complete": {"en": "Complete", "de": "Erledigt"},
    "snooze": {"en": "Put off", "de": "Zurückstellen"},
    "reassign": {"en": "Hand on", "de": "Weitergeben"},
    "comment": {"en": "Comment", "de": "Kommentieren"},
    "cancel": {"en": "Cancel the task", "de": "Aufgabe absagen"},
    "do_complete": {"en": "Complete the task", "de": "Als erledigt melden"},
    "do_snooze": {"en": "Put off until then", "de": "Bis dahin zurückstellen"},
    "do_reassign": {"en": "Hand on", "de": "Weitergeben"},
    "do_comment": {"en": "Save the comment", "de": "Kommentar speichern"},
    "do_cancel": {"en": "Cancel the task", "de": "Aufgabe absagen"},
    "outcome": {"en": "What came of it", "de": "Was herauskam"},
    "note": {"en": "Note (may be empty)", "de": "Notiz (kann leer bleiben)"},
    "comment_text": {"en": "What is to be remembered", "de": "Was festgehalten werden soll"},
    "reason": {"en": "Why it need not be done", "de": "Warum sie nicht nötig ist"},
    "to": {"en": "To whom", "de": "An wen"},
    "choose": {"en": "please choose", "de": "bitte wählen"},
    "others": {"en": "Others", "de": "Andere"},
    "open_ones": {"en": "{number} open", "de": "{number} offen"},
    "away_until": {"en": "away until {at}", "de": "abwesend bis {at}"},
    "is_away": {"en": "away", "de": "abwesend"},
    "off_duty": {"en": "off duty until {at}", "de": "nicht im Dienst bis {at}"},
    "open_of": {"en": "{number} of {most} open", "de": "{number} von {most} offen"},
    "until": {"en": "Another time ({zone})", "de": "Anderer Zeitpunkt ({zone})"},
    "snooze_limit": {
        "en": "At the latest {at}. Put off {times} of {most} times so far.",
        "de": "Spätestens {at}. Bisher {times} von {most} Mal zurückgestellt.",
    },
    "an_hour": {"en": "In an hour: {at}", "de": "In einer Stunde: {at}"},
    "tomorrow": {"en": "Tomorrow: {at}", "de": "Morgen: {at}"},
    "next_day": {"en": "Next working day: {at}", "de": "Nächster Arbeitstag: {at}"},
    "in_two_days": {"en": "The day after: {at}", "de": "Am Tag danach: {at}"},
    "next_week": {"en": "Next week: {at}", "de": "Nächste Woche: {at}"},
    # what was done
    "did_accept": {"en": "You have accepted this task.", "de": "Sie haben diese Aufgabe angenommen."},
    "did_take": {"en": "You have taken this task over.", "de": "Sie haben diese Aufgabe übernommen."},
    "did_complete": {"en": "The task is completed.", "de": "Die Aufgabe ist erledigt."},
    "did_snooze": {"en": "The task is put off.", "de": "Die Aufgabe ist zurückgestellt."},
    "did_reassign": {"en": "The task is handed on.", "de": "Die Aufgabe ist weitergegeben."},
    "did_comment": {"en": "Your comment is saved.", "de": "Ihr Kommentar ist gespeichert."},
    "did_cancel": {"en": "The task is cancelled.", "de": "Die Aufgabe ist abgesagt."},
    # what is wrong with what was sent
    "not_done": {"en": "Nothing was done.", "de": "Es ist nichts geschehen."},
    "unreadable": {
        "en": "The form did not arrive as it was sent. Please fill it in once more",
        "de": "Das Formular kam nicht so an, wie es abgeschickt wurde. Bitte füllen Sie es noch einmal aus",
    },
    "what_to_do": {
        "en": "It does not say what to do. Please use one of the buttons",
        "de": "Es steht nicht darin, was zu tun ist. Bitte benutzen Sie eine der Schaltflächen",
    },
    "no_outcome": {
        "en": "Say what came of it: {outcomes}",
        "de": "Sagen Sie, was herauskam: {outcomes}",
    },
    "any_outcome": {"en": "Say in a few words what came of it", "de": "Sagen Sie mit wenigen Worten, was herauskam"},
    "no_until": {
        "en": "Say until when, as a day and an hour: 2026-05-05 09:00",
        "de": "Sagen Sie, bis wann, mit Tag und Stunde: 2026-05-05 09:00",
    },
    "no_to": {"en": "Say to whom", "de": "Sagen Sie, an wen"},
    "no_note": {"en": "Write what is to be remembered", "de": "Schreiben Sie, was festgehalten werden soll"},
    "no_reason": {"en": "Say why it need not be done", "de": "Sagen Sie, warum sie nicht nötig ist"},
    "too_long": {
        "en": "That is {length} characters; at most {most} are kept. Please make it shorter",
        "de": "Das sind {length} Zeichen; höchstens {most} werden aufgehoben. Bitte kürzen Sie",
    },
    "is_over": {"en": "This task is over", "de": "Diese Aufgabe ist vorbei"},
    "is_not_yours": {
        "en": "This task is with {who} now, and not yours. Take it over first, or tell {who}",
        "de": "Diese Aufgabe liegt jetzt bei {who} und nicht bei Ihnen. Übernehmen Sie sie zuerst, oder sprechen "
        "Sie mit {who}",
    },
    "nobody_named": {"en": "nobody", "de": "niemandem"},
    # sections
    "so_far": {"en": "This task so far", "de": "Diese Aufgabe bisher"},
    "timeline": {"en": "The contact lately", "de": "Der Kontakt in letzter Zeit"},
    "nothing": {"en": "Nothing yet.", "de": "Noch nichts."},
    # pages without a task
    "unknown_link": {"en": "This link leads nowhere", "de": "Dieser Link führt nirgendwohin"},
    "unknown_then": {
        "en": "It is not complete, or it never was one of ours. Open it from the e-mail once more.",
        "de": "Er ist nicht vollständig oder war nie einer von uns. Öffnen Sie ihn noch einmal aus der E-Mail.",
    },
    "over": {"en": "This link is not of use any more", "de": "Dieser Link gilt nicht mehr"},
    "over_then": {
        "en": "What it led to was over long ago, or is not there for you any more. Nothing was changed.",
        "de": "Was dahinter lag, ist längst erledigt oder für Sie nicht mehr da. Es ist nichts geändert.",
    },
    "away": {"en": "Please try again in a moment", "de": "Bitte versuchen Sie es gleich noch einmal"},
    "away_look": {
        "en": "The task cannot be shown now. Nothing was changed.",
        "de": "Die Aufgabe lässt sich gerade nicht anzeigen. Es ist nichts geändert.",
    },
    "away_nothing": {
        "en": "What you want done could not be taken down, and nothing was done. Send it again in a moment.",
        "de": "Was Sie möchten, ließ sich nicht festhalten; es ist nichts geschehen. Senden Sie es gleich noch einmal.",
    },
    "away_maybe": {
        "en": "Nobody has answered in time, so nobody knows yet whether it was done. It is safe to send it again: it "
        "is done once.",
        "de": "Es kam rechtzeitig keine Antwort, also weiß noch niemand, ob es geschehen ist. Sie können es gefahrlos "
        "noch einmal senden: Es geschieht nur einmal.",
    },
    "again": {"en": "Send it again", "de": "Noch einmal senden"},
    "back": {"en": "Back to the task", "de": "Zurück zur Aufgabe"},
}


def staff_words(lang: str) -> dict[str, str]:
    """Return everything the page says in a language of ours.

    >>> staff_words("de")["accept"], set(staff_words("en")) == set(staff_words("de"))
    ('Annehmen', True)
    """
    return {name: said[lang] for name, said in (WORDS | CASE_WORDS).items()}
