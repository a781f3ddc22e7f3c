"""A meeting as calendars read it (RFC 5545, RFC 5546): an invitation, a change of it, or its end.

All times are UTC, so no calendar has to know our time zones. Texts come from data and are cleaned first.
"""

from datetime import UTC, datetime, timedelta

from icalendar import Calendar as ICalendar
from icalendar import Event, vCalAddress, vText

from domain.meetings import Meeting
from rendering.headers import MOST_NAME, MOST_SUBJECT, clean_header
from rendering.mime import Calendar

PRODUCT = "-//Rapport//EN"
MOST_PLACE = 500


def invitation(
    meeting: Meeting, organiser: tuple[str, str], guest: tuple[str, str], host: str, at: datetime, *, asks: bool = True
) -> Calendar:
    """Return the calendar part of a message; `organiser` and `guest` are name and ASCII address, `at` is now.

    What is not asked is told: nobody has to say whether they come, and their time stays free.
    """
    method = "CANCEL" if meeting.cancelled else "REQUEST"
    event = Event()
    event.add("uid", f"{meeting.id}@{host}")
    event.add("sequence", meeting.count)
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    if meeting.start is not None:
        event.add("dtstart", meeting.start.astimezone(UTC))
        event.add("dtend", meeting.start.astimezone(UTC) + timedelta(minutes=meeting.minutes))
    event.add("summary", vText(clean_header(meeting.title, MOST_SUBJECT)))
    place = clean_header(meeting.place, MOST_PLACE)
    if place:
        event.add("location", vText(place))
    event.add("status", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    event.add("organizer", _person(*organiser))
    event.add("attendee", _guest(*guest, asks=asks))
    if not asks:
        event.add("transp", "TRANSPARENT")
    calendar = ICalendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return Calendar(method, calendar.to_ical().decode())


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    # A parameter may hold no quotes: there is no way to write them.
    shown = clean_header(name, MOST_NAME).replace('"', "'")
    if shown:
        person.params["cn"] = vText(shown)
    return person


def _guest(name: str, address: str, *, asks: bool) -> vCalAddress:
    guest = _person(name, address)
    guest.params["role"] = vText("REQ-PARTICIPANT")
    guest.params["partstat"] = vText("NEEDS-ACTION" if asks else "ACCEPTED")
    guest.params["rsvp"] = vText("TRUE" if asks else "FALSE")
    return guest
