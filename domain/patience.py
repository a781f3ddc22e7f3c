"""How long a message rests between two attempts, and how often one is repeated whose fate nobody knows; by channel."""

from datetime import timedelta

from domain.endpoints import rest_of
from domain.standing import SMS, WEBHOOK

# A message that must arrive is repeated under the same Message-ID, but not for ever.
MOST_REPEATS = 4
LONGEST = timedelta(hours=1)
_ASKED_BY = {
    SMS: "the provider of text messages asked for patience",
    WEBHOOK: "the other system has not taken it yet",
}


def rest(channel: str, attempts: int, asked: timedelta, id: str, longest: timedelta) -> timedelta:
    """Return how long a message rests when so many attempts have failed, the last one having `asked` for patience.

    Mail and texts rest the longer the further they have been tried, an hour at most, and never longer than `longest`.
    What is told to other systems is tried over days, and rests as long as they ask.

    >>> minute = timedelta(minutes=1)
    >>> [str(rest("email", attempts, minute, "m1", timedelta(days=1))) for attempts in (1, 2, 9)]
    ['0:01:00', '0:02:00', '1:00:00']
    >>> str(rest("webhook", 1, timedelta(days=2), "m1", timedelta(hours=1)))
    '2 days, 0:00:00'
    """
    if channel == WEBHOOK:
        return max(asked, rest_of(attempts, id))
    doubled: timedelta = asked * 2 ** min(attempts - 1, 20)
    return min(max(asked, min(doubled, LONGEST)), longest)


def asked_by(channel: str) -> str:
    """Return what a message waits for that rests between two attempts. Not in the words of the other side: they often
    name the address, and this goes into a history.

    >>> asked_by("sms")
    'the provider of text messages asked for patience'
    """
    return _ASKED_BY.get(channel, "the mail server asked for patience")


def is_repeated(channel: str, class_: str, repeats: int) -> bool:
    """Whether a message is sent again whose fate nobody knows, and that was sent again so often already.

    A person who gets an advertisement twice is annoyed; a system that is told twice knows the id, and does it once.

    >>> is_repeated("email", "marketing", 1), is_repeated("email", "service", 1), is_repeated("webhook", "marketing", 9)
    (False, True, True)
    """
    return channel == WEBHOOK or (class_ != "marketing" and repeats < MOST_REPEATS)
