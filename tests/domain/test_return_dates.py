"""When people say they are back, in the words of four languages; received on Sunday, 22 November 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.return_dates import FARTHEST_WITH_YEAR, return_date
from domain.return_words import MONTHS

TODAY = date(2026, 11, 22)

SAID = {
    # English
    "I am out of the office until 3 December.": "12-04",
    "I'm away until December 3rd and will answer when I return.": "12-04",
    "I will be back on Monday 7th.": "12-07",
    "I will be back in the office on Monday, 7 December 2026.": "12-07",
    "I am on holiday from 23 November to 4 December.": "12-05",
    "On leave from November 23 through December 4, 2026, back December 7.": "12-07",
    "Out of office 23 Nov - 27 Nov, please call the desk.": "11-28",
    "I won't be back until 7 December.": "12-07",
    "I will not be able to reply until Dec 7.": "12-07",
    "I am unable to read mail until the 7th of December.": "12-07",
    "I am not in the office until 4 December.": "12-05",
    "I return on 2026-12-07.": "12-07",
    "Returning 12/7/2026": "12-07",
    "Returning on 12/03": "12-03",
    "I'm back tomorrow.": "11-23",
    "I will be back next week.": "11-23",
    "Back on Wednesday": "11-25",
    "Away until Friday.": "11-28",
    "I'm available again from 1 December.": "12-01",
    "Thanks for your mail!\n\nI am travelling and will be back in the\noffice on 1 December.": "12-01",
    "I'm on parental leave until 30 June 2027.": "07-01",
    "I will be out of office starting 11/23 and returning on 11/30.": "11-30",
    "My last day away is a Friday. I return on the 4th January.": "01-04",
    "Automatic reply: out until 2 Jan\n\nHappy holidays!": "01-03",
    "I'll be out up to and including 4 December.": "12-05",
    "On December 7 I will be back at my desk.": "12-07",
    "I am out of office from Nov 23 - Nov 27. I will return on Nov 30.": "11-30",
    "I am away from Monday 23rd to Friday 27th November": "11-28",
    "I am away from 23 to 27 November.": "11-28",
    # German
    "Ich bin bis einschließlich 05.12. nicht im Büro.": "12-06",
    "Ich bin ab dem 8. Dezember wieder für Sie da.": "12-08",
    "Ich bin vom 23.11. bis 04.12.2026 im Urlaub.": "12-05",
    "Ab dem 7.12. bin ich wieder erreichbar.": "12-07",
    "Am 8. Dezember bin ich wieder zurück.": "12-08",
    "Ich bin am Montag, den 7. Dezember 2026 wieder im Büro.": "12-07",
    "Meine Rückkehr ist am 07.12.26.": "12-07",
    "Ich bin derzeit nicht im Haus und ab Montag wieder da.": "11-23",
    "Ab dem 23.11. bin ich im Urlaub, zurück am 30.11.": "11-30",
    "Ihre Nachricht wird bis zum 2. Januar nicht gelesen.": "01-03",
    "Ich bin nicht vor dem 15. März zurück.": "03-15",
    "Bis Freitag bin ich auf einer Messe.": "11-28",
    "Ich bin nächste Woche wieder für Sie da.": "11-23",
    "Abwesend 23.11.-27.11.": "11-28",
    "Ich bin ab morgen wieder erreichbar.": "11-23",
    "Vielen Dank! Ich bin erst am 1. Dez. wieder erreichbar.": "12-01",
    "Bis 4.12. bin ich im Urlaub, danach am 7.12. wieder da.": "12-07",
    "Ich bin bis 27.11. (Freitag) weg und am 30.11. (Montag) zurück.": "11-30",
    "Urlaub vom 23. bis zum 27.11.2026": "11-28",
    # French
    "Je suis absent, de retour le 4 décembre.": "12-04",
    "Je suis en congé jusqu'au 4 décembre inclus.": "12-05",
    "Je serai absente du 23 novembre au 4 décembre 2026.": "12-05",
    "Je serai de retour au bureau le lundi 7 décembre.": "12-07",
    "Je reviens le 07/12/2026.": "12-07",
    "Je suis absent jusqu’au 04/12 et ne lis pas mes messages.": "12-05",
    "Je serai de nouveau joignable à partir du 1er décembre.": "12-01",
    "Le 7 décembre je serai de retour.": "12-07",
    "Je ne serai pas au bureau avant le 8 décembre.": "12-08",
    "Je serai de retour lundi.": "11-23",
    "De retour la semaine prochaine, je vous répondrai.": "11-23",
    "Je suis de retour demain.": "11-23",
    "Je suis en congé du 23 au 27 novembre.": "11-28",
    # Spanish
    "Estoy fuera de la oficina. Vuelvo el 9 de diciembre.": "12-09",
    "Estaré fuera hasta el 4 de diciembre de 2026.": "12-05",
    "Estaré de vacaciones del 23 de noviembre al 4 de diciembre.": "12-05",
    "Regreso el lunes 7 de diciembre.": "12-07",
    "Estaré de vuelta el 07/12.": "12-07",
    "A partir del 1 de diciembre estaré de nuevo en la oficina.": "12-01",
    "El 9 de diciembre estaré de vuelta.": "12-09",
    "No podré responder hasta el 7 de diciembre.": "12-07",
    "Me reincorporo el próximo lunes.": "11-23",
    "Vuelvo mañana.": "11-23",
    "Estoy de vacaciones del 23 al 27 de noviembre.": "11-28",
    "Estoy de vacaciones del 23 al 27 de noviembre y vuelvo el 30 de noviembre.": "11-30",
    # Nothing that makes sense
    "I am out of the office.": None,
    "I was away until 3 March 1987.": None,
    "I will be back on 31 February.": None,
    "I will be back on 7 December 2031.": None,
    "Back on 99/99/2026": None,
    "Our office is open from Monday to Friday, 9:00 to 17:00.": None,
    "Please call 0800 12 34 56 until 18:00.": None,
    "I left the company on 1 October 2026.": None,
    "Ihr Ticket 12.4.77 ist angelegt.": None,
    "": None,
}


@pytest.mark.parametrize("text", SAID)
def test_the_first_day_back_is_read_from_what_is_said(text: str) -> None:
    said = SAID[text]
    found = return_date(text, TODAY)

    assert (found.strftime("%m-%d") if found else None) == said
    assert found is None or TODAY <= found <= TODAY + FARTHEST_WITH_YEAR


def test_a_date_without_a_year_lies_ahead() -> None:
    assert return_date("Back on 4 January.", date(2026, 12, 30)) == date(2027, 1, 4)
    assert return_date("Back on 30 December.", date(2026, 12, 30)) == date(2026, 12, 30)
    assert return_date("Back on 20 November.", TODAY) is None


WORDS = st.sampled_from(["back", "until", "bis", "am", "le", "hasta", "7", "31.", "12/7", "Monday", ".", "\n", *MONTHS])


@given(st.lists(WORDS | st.text(max_size=8), max_size=40), st.dates(date(2020, 1, 1), date(9000, 1, 1)))
def test_whatever_is_said_the_day_lies_ahead_and_not_too_far(words: list[str], today: date) -> None:
    found = return_date(" ".join(words), today)

    assert found is None or today <= found <= today + FARTHEST_WITH_YEAR + (date(2026, 1, 2) - date(2026, 1, 1))
