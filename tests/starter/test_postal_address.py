"""Who advertises says where they are: no postal address, no marketing."""

from starter.home import load_files
from tests.domain.kit import POLICIES
from tests.starter.test_check_refuses import HOME, check

NOWHERE = POLICIES["policies/messaging.yaml"].replace("address: 1 High Street", "address: ''")


def test_who_advertises_has_a_postal_address() -> None:
    (said,) = check("policies/messaging.yaml", NOWHERE)

    assert said == (
        "policies/messaging.yaml:1: organisation.address is empty, and email/welcome/hello.html advertises; write your "
        "postal address"
    )


def test_who_only_serves_needs_none() -> None:
    serving = {
        path: text.replace("marketing", "service") for path, text in HOME.items() if path.startswith("templates")
    }

    assert load_files(HOME | serving | {"policies/messaging.yaml": NOWHERE}).problems == []


def test_a_message_that_does_not_show_it_is_warned_of() -> None:
    path = "templates/email/welcome/hello.html"

    (said,) = check(path, HOME[path].replace("organisation.address", "organisation.name"))

    assert (
        said
        == f"{path}:1: warning: no postal address is shown; put {{{{ organisation.address }}}} into it or its layout"
    )


def test_a_layout_may_show_it() -> None:
    layout = "<body>{% block html %}{% endblock %}<p>{{ organisation['address'] }}</p>{{ unsubscribe_url }}</body>"
    news = (
        "---\nclass: marketing\n---\n{% extends 'layouts/plain' %}"
        "{% block subject %}News{% endblock %}{% block html %}<p>Hello</p>{% endblock %}"
    )
    templates = {"templates/email/layouts/plain.html": layout, "templates/email/welcome/more.html": news}

    assert load_files(HOME | templates).problems == []
