"""Whether it can ever be known that somebody clicked or opened a message, and if not, why and what to do."""

from domain.standing import EMAIL, SMS
from domain.tracking import Tracking

CLICKED, OPENED = "clicked", "opened"


def uncounted(event: str, channel: str, class_: str, tracking: Tracking) -> str | None:
    """Return why we never learn of this event of a message; None where we do, or where it is no click and no opening.

    >>> uncounted("clicked", "email", "service", Tracking())
    "links of service messages are not counted; add service to 'tracking: clicks' in policies/messaging.yaml"
    >>> uncounted("clicked", "sms", "marketing", Tracking())
    'links in text messages are not counted'
    >>> uncounted("clicked", "email", "marketing", Tracking()), uncounted("replied", "sms", "service", Tracking())
    (None, None)
    """
    if event not in (CLICKED, OPENED):
        return None
    if channel not in (EMAIL, SMS):
        return f"a message to another system is not {event}; wait for an event it tells us"
    if channel == SMS:
        return (
            "links in text messages are not counted" if event == CLICKED else "nobody is told who opens a text message"
        )
    key, counts = ("clicks", tracking.counts_clicks) if event == CLICKED else ("opens", tracking.counts_opens)
    if counts(class_):
        return None
    what = (
        f"links of {class_} messages are not counted"
        if event == CLICKED
        else f"nobody counts who opens {class_} messages"
    )
    return f"{what}; add {class_} to 'tracking: {key}' in policies/messaging.yaml"
