"""Which form files are in force."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.forms import NotThatForm, read_answers
from records.models import Record
from records.published_models import Bundle
from records.session import Database
from starter.form_files import Forms
from starter.forms.known import SOURCES

PROJECT = Path(__file__).parents[2]
SAMPLES = PROJECT / "docs" / "samples"
AT = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def main(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'rapport.db'}")
    Record.metadata.create_all(database.engine)
    yield database
    database.close()


def write(home: Path, name: str, text: str) -> None:
    folder = home / "policies" / "forms"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


async def publish(main: Database, number: int, **forms: str) -> None:
    files = {f"policies/forms/{name}.yaml": text for name, text in forms.items()}
    bundle = Bundle(hash=f"sha256:{number}", files=files, published_at=AT.replace(minute=number))
    await main.write(lambda session: session.add(bundle))


async def test_until_something_is_published_the_files_of_the_home_are_in_force(tmp_path: Path, main: Database) -> None:
    write(tmp_path, "demo", "fields: {email: mail}")
    forms = Forms(tmp_path, main)

    await forms.refresh()

    assert forms()["demo"].fields == {"email": "mail"}


async def test_then_what_was_published_last_is_and_files_being_edited_are_not(tmp_path: Path, main: Database) -> None:
    write(tmp_path, "draft", "fields: {email: mail}")
    forms = Forms(tmp_path, main)
    await publish(main, 1, demo="fields: {email: old}")
    await publish(main, 2, demo="fields: {email: new}")

    await forms.refresh()

    assert {name: form.fields["email"] for name, form in forms().items()} == {"demo": "new"}


async def test_a_mistake_stops_its_own_form_only_and_keeps_the_last_good_reading(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "demo", "fields: {email: mail}")
    write(tmp_path, "other", "fields: {email: mail}")
    forms = Forms(tmp_path)
    await forms.refresh()

    write(tmp_path, "demo", "fields: {first_name: name}")
    write(tmp_path, "other", "fields: {email: address}")
    write(tmp_path, "new", "fields: [")
    with caplog.at_level(logging.ERROR, "starter.form_files"):
        await forms.refresh()
        await forms.refresh()

    assert {name: form.fields["email"] for name, form in forms().items()} == {"demo": "mail", "other": "address"}
    assert any("policies/forms/demo.yaml:1: fields has no email" in said for said in caplog.messages)
    assert len(caplog.messages) == 2


async def test_a_form_whose_file_is_gone_is_gone(tmp_path: Path) -> None:
    write(tmp_path, "demo", "fields: {email: mail}")
    forms = Forms(tmp_path)
    await forms.refresh()

    (tmp_path / "policies" / "forms" / "demo.yaml").unlink()
    await forms.refresh()

    assert forms() == {}


async def test_while_the_database_is_away_forms_stay_as_they_were(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'rapport.db'}")
    Record.metadata.create_all(database.engine)
    forms = Forms(tmp_path, database)
    await publish(database, 1, demo="fields: {email: mail}")
    await forms.refresh()

    Record.metadata.drop_all(database.engine)
    write(tmp_path, "draft", "fields: {email: mail}")
    await forms.refresh()
    database.close()

    assert list(forms()) == ["demo"]


@pytest.mark.parametrize(
    ("sample", "source", "form"),
    [
        ("typeform-demo-request", "typeform", "demo-request"),
        ("json-demo-request", "json", "demo-request"),
        ("typeform-complaint", "typeform", "complaint"),
    ],
)
async def test_the_samples_fit_the_forms_that_come_with_the_project(sample: str, source: str, form: str) -> None:
    forms = Forms(PROJECT)
    await forms.refresh()
    mapping = forms()[form]

    delivery = SOURCES[source].read((SAMPLES / f"{sample}.json").read_bytes(), {})
    submission = read_answers(mapping, delivery.answers)

    assert set(submission.event) == {key for key, answer in mapping.event.items() if answer in delivery.answers}
    assert len(submission.consents) == len(mapping.consent)
    with pytest.raises(NotThatForm):
        read_answers(mapping, {})
