"""What the rules may ask of the templates."""

import pytest

from rendering.catalogue import Catalogue

BODY = "{% block subject %}S{% endblock %}{% block html %}H{% endblock %}"
SHOP = Catalogue(
    {
        "email/shop/receipt.html": f"---\nclass: transactional\nsender: service\n---\n{BODY}",
        "email/shop/receipt.de.html": BODY,
        "email/shop/offer.html": f"---\ntopic: product-news\n---\n{BODY}",
        "email/shop/broken.html": f"---\nclass: ad\n---\n{BODY}",
        "email/shop/only.fr.html": f"---\nclass: service\n---\n{BODY}",
        "email/layouts/base.html": BODY,
        "sms/shop/ready.txt": "---\nclass: service\n---\nIt is ready.",
    }
)


def test_each_channel_has_its_own_names_without_layouts_and_languages() -> None:
    assert SHOP.names("email") == {"shop/receipt", "shop/offer", "shop/broken", "shop/only"}
    assert SHOP.names("sms") == {"shop/ready"}
    assert SHOP.names("letter") == frozenset()


def test_a_template_is_what_its_front_matter_says() -> None:
    assert SHOP.class_of("email", "shop/receipt") == "transactional"
    assert SHOP.sender_of("email", "shop/receipt") == "service"
    assert SHOP.topic_of("email", "shop/receipt") is None
    assert SHOP.topic_of("email", "shop/offer") == "product-news"


@pytest.mark.parametrize("name", ["shop/offer", "shop/broken", "shop/only"])
def test_a_template_that_does_not_say_or_cannot_be_read_is_marketing(name: str) -> None:
    assert SHOP.class_of("email", name) == "marketing"


def test_what_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SHOP.class_of("email", "shop/gone")
