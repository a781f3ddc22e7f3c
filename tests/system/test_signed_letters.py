"""What leaves signed arrives signed, and a key that cannot sign is refused at the start, by name."""

from pathlib import Path

import dkim
import pytest

from channels.smtp import SmtpPool
from settings import Settings, SettingsError, load
from tests.channels.letters import relay
from tests.rendering.test_signature import key, pem, signer
from tests.scripted_smtp import ScriptedSmtp
from tests.system.counter import counter
from worker import mail_settings

ANN = "ann@customer.example"


@pytest.mark.system
@pytest.mark.parametrize("sequence", ["news", "receipt"])
async def test_a_letter_arrives_as_it_was_signed(sequence: str, tmp_path: Path) -> None:
    server = ScriptedSmtp()
    async with server, SmtpPool(relay(server)) as pool, counter(tmp_path, pool, signer=signer()) as desk:
        desk.arrive(sequence, ANN)
        await desk.send(sequence, ANN)

    record = signer().record[1].encode()
    assert dkim.verify(server.bodies[0], dnsfunc=lambda name, timeout=5: record)


def signing(tmp_path: Path, **changes: object) -> Settings:
    return Settings(home=tmp_path, dkim_domain="acme.example", dkim_selector="k1", dkim_key=pem(key())).but(**changes)


def test_the_settings_make_the_signer_of_every_worker(tmp_path: Path) -> None:
    made = mail_settings(signing(tmp_path)).signer

    assert made is not None
    assert made.record == signer().record
    assert mail_settings(Settings(home=tmp_path)).signer is None


def test_where_the_provider_replaces_ids_they_are_not_signed(tmp_path: Path) -> None:
    live = {"live": True, "smtp_host": "smtp.example", "smtp_provider": "ses"}

    made = mail_settings(signing(tmp_path, **live)).signer

    assert made is not None
    assert made.omitted == {"message-id", "date"}


def test_a_name_that_nobody_can_look_up_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RAPPORT_DKIM_"):
        load({"RAPPORT_DKIM_KEY": pem(key()), "RAPPORT_DKIM_SELECTOR": "k 1", "RAPPORT_DKIM_DOMAIN": "acme.example"})


@pytest.mark.parametrize("wrong", ["hush", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"])
def test_a_wrong_key_is_refused_by_name_and_not_repeated(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"RAPPORT_DKIM_KEY": wrong, "RAPPORT_DKIM_SELECTOR": "k1", "RAPPORT_DKIM_DOMAIN": "acme.example"})

    assert str(refused.value).startswith("RAPPORT_DKIM_KEY: is not an RSA key of 1024 bits or more in PEM; give one")
    assert "hush" not in str(refused.value)


def test_a_part_of_a_signature_is_refused() -> None:
    with pytest.raises(SettingsError, match="RAPPORT_DKIM_DOMAIN: is not set, but RAPPORT_DKIM_SELECTOR is; set all"):
        load({"RAPPORT_DKIM_SELECTOR": "k1"})


def test_a_key_may_be_in_a_file_or_in_one_line_and_reaches_a_child_process(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text(pem(key()))
    named = {"RAPPORT_DKIM_SELECTOR": "k1", "RAPPORT_DKIM_DOMAIN": "acme.example", "RAPPORT_HOME": str(tmp_path)}

    in_file = load(named | {"RAPPORT_DKIM_KEY_FILE": str(file)})
    in_line = load(named | {"RAPPORT_DKIM_KEY": pem(key()).replace("\n", "\\n")})

    assert in_file == in_line == load(in_file.as_environment())
    assert "PRIVATE" not in repr(in_file)
