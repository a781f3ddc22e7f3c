"""What the pages behind our links say, in every language they speak.

English is first: who reads none of these gets it. A test compares the languages name by name.
"""

LANGUAGES = ("en", "de")

WORDS: dict[str, dict[str, str]] = {
    # /u/
    "which": {
        "en": "Which e-mails shall we stop?",
        "de": "Welche E-Mails sollen wir beenden?",
    },
    "nothing_yet": {
        "en": "Nothing has been changed yet. Please choose:",
        "de": "Noch ist nichts geändert. Bitte wählen Sie:",
    },
    "stop_topic": {
        "en": "Stop e-mails on this topic",
        "de": "Keine E-Mails mehr zu diesem Thema",
    },
    "stop_this": {
        "en": "Stop “{topic}”",
        "de": "„{topic}“ abbestellen",
    },
    "stop_everything": {
        "en": "Stop all marketing e-mails",
        "de": "Alle Werbe-E-Mails abbestellen",
    },
    "change_instead": {
        "en": "Or change what you get, and when",
        "de": "Oder ändern, was Sie bekommen und wann",
    },
    "still_reaches": {
        "en": "Answers to your own questions, and messages about something you ordered, still reach you.",
        "de": "Antworten auf Ihre Fragen und Nachrichten zu Ihren Bestellungen erreichen Sie weiterhin.",
    },
    "stopped": {
        "en": "We stop these e-mails",
        "de": "Wir schreiben Ihnen das nicht mehr",
    },
    "stopped_now": {
        "en": "Your choice counts from now on. You need not do anything else.",
        "de": "Ihre Wahl gilt ab sofort. Sie müssen nichts weiter tun.",
    },
    "should_another": {
        "en": "Should another one arrive, the link you followed was not complete: reply to that e-mail, and a person "
        "will see to it.",
        "de": "Sollte doch noch eine kommen, war der Link nicht vollständig: Antworten Sie auf die E-Mail, dann "
        "kümmert sich ein Mensch darum.",
    },
    "by_mistake": {
        "en": "Was that a mistake? For seven days you can take it back here.",
        "de": "War das ein Versehen? Sieben Tage lang können Sie es hier zurücknehmen.",
    },
    "undo": {
        "en": "Take it back",
        "de": "Zurücknehmen",
    },
    "undone": {
        "en": "Everything is as it was",
        "de": "Alles ist wie zuvor",
    },
    "undone_now": {
        "en": "What this link has stopped in the last seven days reaches you again.",
        "de": "Was dieser Link in den letzten sieben Tagen beendet hat, bekommen Sie wieder.",
    },
    # /c/
    "confirm_title": {
        "en": "One more click",
        "de": "Noch ein Klick",
    },
    "confirm_what": {
        "en": "May we write to you about “{topic}”?",
        "de": "Dürfen wir Ihnen zu „{topic}“ schreiben?",
    },
    "confirm_button": {
        "en": "Yes, write to me",
        "de": "Ja, schreiben Sie mir",
    },
    "confirm_else": {
        "en": "If you did not ask for this, close this page: nothing happens.",
        "de": "Wenn Sie das nicht angefordert haben, schließen Sie diese Seite: Es passiert nichts.",
    },
    "confirmed": {
        "en": "Thank you, it is confirmed",
        "de": "Danke, das ist bestätigt",
    },
    "confirmed_now": {
        "en": "From now on we write to you about it. Every e-mail has a link to stop it again.",
        "de": "Ab jetzt schreiben wir Ihnen dazu. In jeder E-Mail steht ein Link, mit dem Sie das wieder beenden.",
    },
    "stale": {
        "en": "This link does not work any more",
        "de": "Dieser Link gilt nicht mehr",
    },
    "stale_why": {
        "en": "A link to confirm works for 72 hours, and only if it is complete. Nothing has been changed.",
        "de": "Ein Link zum Bestätigen gilt 72 Stunden, und nur, wenn er vollständig ist. Es ist nichts geändert.",
    },
    "stale_then": {
        "en": "To get a new one, fill in the form once more.",
        "de": "Einen neuen bekommen Sie, wenn Sie das Formular noch einmal ausfüllen.",
    },
    # /p/
    "preferences": {
        "en": "What we write to you, and when",
        "de": "Was wir Ihnen schreiben und wann",
    },
    "unknown_link": {
        "en": "This link is not complete",
        "de": "Dieser Link ist nicht vollständig",
    },
    "unknown_then": {
        "en": "Open it from the e-mail once more. If that does not help, reply to the e-mail: a person will see to it.",
        "de": "Öffnen Sie ihn noch einmal aus der E-Mail. Hilft das nicht, antworten Sie auf die E-Mail: Ein Mensch "
        "kümmert sich darum.",
    },
    "saved": {
        "en": "Saved. It counts from now on.",
        "de": "Gespeichert. Das gilt ab sofort.",
    },
    "both_hours": {
        "en": "Nothing was saved: quiet hours need both times, from and to.",
        "de": "Es wurde nichts gespeichert: Ruhezeiten brauchen beide Angaben, von und bis.",
    },
    "not_known_now": {
        "en": "What you have chosen so far cannot be shown at this moment. What you choose now is kept all the same; "
        "what you leave as it is stays.",
        "de": "Was Sie bisher gewählt haben, lässt sich gerade nicht anzeigen. Was Sie jetzt wählen, wird trotzdem "
        "gespeichert; was Sie nicht ändern, bleibt.",
    },
    "all_stopped": {
        "en": "You have stopped everything. Say yes to a topic to hear about it again.",
        "de": "Sie haben alles abbestellt. Sagen Sie Ja zu einem Thema, um wieder davon zu hören.",
    },
    "barred": {
        "en": "At present we write nothing of this kind to you, whatever stands here. If you want to change that, "
        "reply to one of our e-mails: a person will see to it.",
        "de": "Zurzeit schreiben wir Ihnen nichts davon, was immer hier steht. Wenn Sie das ändern möchten, antworten "
        "Sie auf eine unserer E-Mails: Ein Mensch kümmert sich darum.",
    },
    "topics": {"en": "Topics", "de": "Themen"},
    "by": {"en": "{topic} by {channel}", "de": "{topic} per {channel}"},
    "email": {"en": "e-mail", "de": "E-Mail"},
    "sms": {"en": "text message", "de": "SMS"},
    "yes": {"en": "Yes", "de": "Ja"},
    "no": {"en": "No", "de": "Nein"},
    "language": {"en": "Language", "de": "Sprache"},
    "keep": {"en": "leave as it is", "de": "so lassen"},
    "quiet": {"en": "When not to write", "de": "Wann nicht"},
    "quiet_why": {
        "en": "At these hours nothing reaches you but what you have just asked for. On your clock ({zone}).",
        "de": "In dieser Zeit erreicht Sie nur, was Sie gerade selbst angefordert haben. Nach Ihrer Uhr ({zone}).",
    },
    "from": {"en": "From", "de": "Von"},
    "to": {"en": "To", "de": "Bis"},
    "never": {"en": "no quiet hours", "de": "keine Ruhezeit"},
    "pause": {"en": "A pause", "de": "Eine Pause"},
    "pause_why": {
        "en": "Nothing but what you have asked for or what concerns an order, for a while.",
        "de": "Eine Weile nichts außer dem, was Sie angefordert haben oder was eine Bestellung betrifft.",
    },
    "paused_until": {
        "en": "You have asked for a pause until {day}.",
        "de": "Sie haben eine Pause bis {day} gewünscht.",
    },
    "no_pause": {"en": "no pause", "de": "keine Pause"},
    "week": {"en": "for a week", "de": "eine Woche"},
    "weeks": {"en": "for {number} weeks", "de": "{number} Wochen"},
    "save": {"en": "Save", "de": "Speichern"},
    "everything_title": {"en": "Nothing at all", "de": "Gar nichts mehr"},
}


def words(lang: str) -> dict[str, str]:
    """Return everything the pages say in a language of ours.

    >>> words("de")["yes"], set(words("en")) == set(words("de"))
    ('Ja', True)
    """
    return {name: said[lang] for name, said in WORDS.items()}
