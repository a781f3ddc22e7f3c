"""Settings: what is read, what follows from what, and how a mistake is said."""

import re
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from settings import (
    Settings,
    SettingsError,
    connect_options,
    documented,
    load,
    signing_key,
    temporal_config,
)

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
LONG_KEY = "0123456789abcdef"


def refusals(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load(environ)
    return refused.value.problems


def test_nothing_is_needed_to_start(tmp_path: Path) -> None:
    settings = load({"RAPPORT_HOME": str(tmp_path)})

    assert settings.state == tmp_path / ".rapport"
    assert settings.database_url == f"sqlite:///{tmp_path}/.rapport/rapport.db"
    assert settings.inbox_url == f"sqlite:///{tmp_path}/.rapport/inbox.db"
    assert settings.public_url == "http://127.0.0.1:8080"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load({"RAPPORT_WEB_PORT": ""}).web_port == 8080


def test_the_constructor_does_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_WEB_PORT", "9999")

    assert Settings().web_port == 8080
    assert load().web_port == 9999


@pytest.mark.parametrize(
    ("variable", "value", "refusal"),
    [
        ("WEB_PORT", "abc", "'abc' is not a number; give a port from 1 to 65535, or 0 for any free one"),
        ("WEB_PORT", "65536", "65536 is out of range; give a port from 1 to 65535, or 0 for any free one"),
        ("SMTP_POOL_SIZE", "0", "0 is out of range; give a whole number from 1 to 1000"),
        ("LIVE", "perhaps", "'perhaps' is neither on nor off; give 1 or 0"),
        ("SMTP_TLS", "ssl", "'ssl' is not a way to encrypt; give none, starttls or tls"),
        ("PUBLIC_URL", "crm.example", "'crm.example' is not a web address; give one that starts with https:// (or"),
        ("INBOUND_HOST", "in acme", "'in acme' is not the name of a host; give one like in.acme.example, or off"),
        (
            "SMTP_PROVIDER",
            "sendgird",
            "'sendgird' is not a provider we know; give one of plain, ses, sendgrid, mailgun,",
        ),
        ("SES_CONFIGURATION_SET", "rapport", "is set, but RAPPORT_SMTP_PROVIDER is not ses; set both"),
        ("MESSAGE_HOST", "mail", "'mail' is not the name of a host with its domain; give one like mail.acme.example"),
        ("STATE", __file__, f"'{__file__}' is not a folder; give the path of one"),
        ("DATABASE_URL", "mysql://u:hush@h/n", "is not an address of SQLite or PostgreSQL; give sqlite:///FILE or"),
        ("SECRET", "hush", "is shorter than 16 characters; give a random one, as `openssl rand -hex 32` makes"),
        (
            "FORM_SECRETS",
            "{",
            "is not JSON (Expecting property name enclosed in double quotes, line 1); give JSON like",
        ),
        ("FORM_SECRETS", '["hush"]', "is not an object; give JSON like"),
        ("FORM_SECRETS", '{"typeform/demo": []}', "the secrets of 'typeform/demo' are not a list of texts; give JSON"),
        ("EVENTS_KEY_FILE", "/nowhere/key", "cannot read '/nowhere/key': No such file or directory; give the path of"),
        ("WEB_PRT", "1", "there is no such setting; did you mean RAPPORT_WEB_PORT?"),
    ],
)
def test_a_wrong_value_is_refused_by_its_variables_name(variable: str, value: str, refusal: str) -> None:
    (problem,) = refusals(**{f"RAPPORT_{variable}": value})

    assert problem.startswith(f"RAPPORT_{variable}: {refusal}")
    assert "hush" not in problem


def test_all_mistakes_are_said_at_once() -> None:
    problems = refusals(RAPPORT_WEB_PORT="abc", RAPPORT_SMTP_TLS="ssl", RAPPORT_SECRET_FILE="/nowhere/key")

    assert [problem.split(":")[0] for problem in problems] == [
        "RAPPORT_SECRET_FILE",
        "RAPPORT_SMTP_TLS",
        "RAPPORT_WEB_PORT",
    ]


def test_variables_that_a_container_platform_adds_are_let_be() -> None:
    load({"RAPPORT_PORT": "tcp://10.0.0.1:80", "RAPPORT_SERVICE_HOST": "10.0.0.1", "RAPPORT_SERVICE_PORT": "80"})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(LONG_KEY + "\n")

    settings = load({"RAPPORT_SECRET_FILE": str(tmp_path / "key")})

    assert settings.secret == SecretStr(LONG_KEY)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(LONG_KEY)

    (problem,) = refusals(RAPPORT_SECRET=LONG_KEY, RAPPORT_SECRET_FILE=str(tmp_path / "key"))

    assert problem == "RAPPORT_SECRET: RAPPORT_SECRET_FILE is set, too; keep one of them"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load(
        {
            "RAPPORT_DATABASE_URL": "postgresql://rapport:hush@db/rapport",
            "RAPPORT_SECRET": "hush" * 4,
            "RAPPORT_SMTP_PASSWORD": "hush",
            "RAPPORT_FORM_SECRETS": '{"typeform": ["hush"]}',
        }
    )

    assert "hush" not in repr(settings)
    assert "hush" not in repr(settings.mail_server)


def test_postgresql_is_reached_through_one_driver_and_keeps_the_inbox_too() -> None:
    settings = load({"RAPPORT_DATABASE_URL": "postgres://u:p@db/rapport"})

    assert settings.database_url == settings.inbox_url == "postgresql+psycopg://u:p@db/rapport"
    assert not settings.one_machine


def test_nothing_leaves_the_machine_until_live() -> None:
    company = {"RAPPORT_SMTP_HOST": "smtp.example.com", "RAPPORT_SMTP_USER": "u", "RAPPORT_SMTP_PASSWORD": "p"}

    kept = load(company).mail_server
    live = load(company | {"RAPPORT_LIVE": "1"}).mail_server

    assert (kept.host, kept.port, kept.tls, kept.user) == ("127.0.0.1", 1025, "none", "")
    assert (live.host, live.port, live.tls, live.user) == ("smtp.example.com", 587, "starttls", "u")


def test_live_without_a_mail_server_is_refused() -> None:
    assert refusals(RAPPORT_LIVE="1") == ("RAPPORT_LIVE: is on, but no mail server is named; set RAPPORT_SMTP_HOST",)


def test_mail_comes_back_to_the_message_host_unless_it_is_nobodys() -> None:
    live = {"RAPPORT_LIVE": "1", "RAPPORT_SMTP_HOST": "smtp.example.com"}
    ours = {"RAPPORT_MESSAGE_HOST": "mail.acme.example"}

    assert load({}).inbound_host == "mail.rapport.example"
    assert load(live).inbound_host == ""
    assert load(live | ours).inbound_host == "mail.acme.example"
    assert load(live | {"RAPPORT_INBOUND_HOST": "In.Acme.example."}).inbound_host == "in.acme.example"
    assert load(ours | {"RAPPORT_INBOUND_HOST": "off"}).inbound_host == ""


def test_a_providers_ways_count_once_its_server_is_used() -> None:
    named = {"RAPPORT_SMTP_PROVIDER": "resend", "RAPPORT_SMTP_HOST": "smtp.resend.example"}

    assert load(named).mail_provider == "plain"
    assert load(named | {"RAPPORT_LIVE": "1"}).mail_provider == "resend"


def test_that_no_mail_comes_back_survives_a_child_process() -> None:
    settings = Settings(inbound_host="off")

    assert load(settings.as_environment()) == settings


def test_the_secrets_of_a_form_are_its_own_or_its_sources() -> None:
    settings = load({"RAPPORT_FORM_SECRETS": '{"typeform/demo": ["new", "old"], "typeform": "shared"}'})

    assert settings.secrets_of_form("typeform", "demo") == (SecretStr("new"), SecretStr("old"))
    assert settings.secrets_of_form("typeform", "other") == (SecretStr("shared"),)
    assert settings.secrets_of_form("tally", "demo") == ()


def test_secrets_of_providers_are_of_providers_we_know() -> None:
    secrets = '{"sendgrid": ["new", "old"], "resend": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}'
    topic = "arn:aws:sns:eu-west-1:123456789012:rapport"
    settings = load({"RAPPORT_PROVIDER_SECRETS": secrets, "RAPPORT_SES_TOPICS": f"{topic} {topic}-2"})

    assert settings.provider_secrets["sendgrid"] == (SecretStr("new"), SecretStr("old"))
    assert settings.ses_topics == (topic, f"{topic}-2")
    assert load(settings.as_environment()) == settings


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("RAPPORT_PROVIDER_SECRETS", '{"sengrid": "x"}', "'sengrid' is no provider with a secret"),
        ("RAPPORT_PROVIDER_SECRETS", '{"resend": "hush"}', "is not whsec_ and base64"),
        ("RAPPORT_PROVIDER_SECRETS", "[", "is not JSON"),
        ("RAPPORT_SES_TOPICS", "rapport", "'rapport' is no topic"),
    ],
)
def test_what_no_provider_can_be_verified_with_is_refused(variable: str, value: str, said: str) -> None:
    [problem] = refusals(**{variable: value})

    assert problem.startswith(f"{variable}: ")
    assert said in problem
    assert "hush" not in problem


def test_a_child_process_reads_equal_settings_from_the_environment_made_for_it(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        live=True,
        smtp_host="smtp.example.com",
        smtp_password="p",
        secret=LONG_KEY,
        form_secrets={"typeform/demo": ["new", "old"]},
    )

    assert load(settings.as_environment()) == settings


def test_what_was_never_set_follows_a_change() -> None:
    assert Settings().but(web_port=9000).public_url == "http://127.0.0.1:9000"
    assert Settings(public_url="https://crm.example").but(web_port=9000).public_url == "https://crm.example"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().web_port = 1  # type: ignore[misc]


def test_without_a_cluster_the_embedded_server_is_meant() -> None:
    assert temporal_config({}) is None
    assert connect_options(Settings(temporal_port=7000), {}) == {"target_host": "127.0.0.1:7000"}


def test_a_cluster_is_read_as_the_temporal_command_reads_it(tmp_path: Path) -> None:
    profiles = tmp_path / "temporal.toml"
    profiles.write_text('[profile.prod]\naddress = "cluster.example:7233"\nnamespace = "crm"\n')

    assert temporal_config({"TEMPORAL_CONFIG_FILE": str(profiles), "TEMPORAL_PROFILE": "prod"}) == {
        "target_host": "cluster.example:7233",
        "namespace": "crm",
    }
    assert temporal_config({"TEMPORAL_ADDRESS": "other.example:7233", "TEMPORAL_NAMESPACE": "n"}) == {
        "target_host": "other.example:7233",
        "namespace": "n",
    }


def test_a_cluster_named_in_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "other.example:7233")

    config = temporal_config()

    assert config is not None
    assert config["target_host"] == "other.example:7233"


def test_a_profile_or_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TEMPORAL_PROFILE: Profile 'prod' not found"):
        temporal_config({"TEMPORAL_PROFILE": "prod", "HOME": str(tmp_path)})
    with pytest.raises(SettingsError, match="TEMPORAL_CONFIG_FILE: there is no file"):
        temporal_config({"TEMPORAL_CONFIG_FILE": str(tmp_path / "none.toml")})


def test_the_signing_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    first = signing_key(settings)

    assert signing_key(settings) == first
    assert len(first.get_secret_value()) == 64
    assert stat.S_IMODE((settings.state / "secret").stat().st_mode) == 0o600
    assert [file.name for file in settings.state.iterdir()] == ["secret"]


def test_many_machines_must_be_given_their_signing_key() -> None:
    with pytest.raises(SettingsError, match="RAPPORT_SECRET: is not set; give every machine the same"):
        signing_key(Settings(database_url="postgresql://u:p@db/rapport"))


def test_every_variable_is_documented_and_no_other() -> None:
    described = set(re.findall(r"^\| `(\w+)`(?: · `(\w+)`)?", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert {name for row in described for name in row if name} == set(documented())


WEBHOOK_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_secrets_of_calls_are_several_with_spaces_between_them_and_survive_a_child_process() -> None:
    settings = load({"RAPPORT_CALL_SECRETS": f"{WEBHOOK_KEY} whsec_{'A' * 24}"})

    assert [each.get_secret_value() for each in settings.call_secrets] == [WEBHOOK_KEY, "whsec_" + "A" * 24]
    assert load(settings.as_environment()).call_secrets == settings.call_secrets
    assert load(Settings().as_environment()).call_secrets == ()


@pytest.mark.parametrize("secret", ["hunter2", "whsec_!!!!", "whsec_YWJj"])
def test_what_is_no_secret_of_calls_is_refused_and_not_repeated(secret: str) -> None:
    (refusal,) = refusals(RAPPORT_CALL_SECRETS=secret)

    assert refusal.startswith("RAPPORT_CALL_SECRETS: is not whsec_")
    assert secret not in refusal


def test_several_signing_keys_of_calendly_are_read_and_a_short_one_is_refused() -> None:
    keys = load({"RAPPORT_CALENDLY_SECRET": f"{LONG_KEY}  another-{LONG_KEY}"}).calendly_secret

    assert [each.get_secret_value() for each in keys] == [LONG_KEY, f"another-{LONG_KEY}"]
    [problem] = refusals(RAPPORT_CALENDLY_SECRET=f"{LONG_KEY} hunter2")
    assert "is shorter than 16 characters" in problem
    assert "hunter2" not in problem


def test_the_chats_of_teams_are_read_kept_secret_and_handed_on() -> None:
    settings = load(
        {"RAPPORT_CHAT_URLS": "sales=slack:https://a.example/T0=x, service=teams:https://b.example/w?sig=1"}
    )

    assert settings.chats == {
        "sales": ("slack", "https://a.example/T0=x"),
        "service": ("teams", "https://b.example/w?sig=1"),
    }
    assert "example" not in repr(settings.chat_urls)
    assert load(settings.as_environment()).chats == settings.chats


@pytest.mark.parametrize(
    "value", ["sales", "sales=https://a.example/x", "sales=slack:a.example", "sales=irc:https://a"]
)
def test_a_chat_that_is_none_is_refused_and_not_repeated(value: str) -> None:
    (refusal,) = refusals(RAPPORT_CHAT_URLS=value)

    assert refusal.startswith("RAPPORT_CHAT_URLS: ")
    assert "a.example" not in refusal
    assert "TEAM=slack:https://…" in refusal
