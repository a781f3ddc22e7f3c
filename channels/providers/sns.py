"""Amazon SNS, which brings what SES tells: what of a notification is signed, and which addresses in it may be asked.

Anybody can have SNS sign a message, from a topic of their own; so a topic has to be one of ours.
"""

import re
from urllib.parse import parse_qs, urlsplit

from channels.providers.told import Tree

NOTIFICATION, SUBSCRIPTION, END = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED[END] = _SIGNED[SUBSCRIPTION]
_LEFT_OUT_IF_MISSING = "Subject"
# A region, and nothing else: a bucket of somebody's named `sns` has been at sns.s3-us-west-2.amazonaws.com.
_HOST = re.compile(r"sns\.[a-z]{2,5}(?:-[a-z]{2,20}){1,3}-\d{1,2}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/[A-Za-z0-9._-]{1,120}\.pem")


def signed_content(envelope: Tree) -> bytes | None:
    """Return what the signature of an envelope is of, None if it is no envelope of SNS.

    >>> told = {"Type": "Notification", "Message": "m", "MessageId": "1", "Timestamp": "t", "TopicArn": "a"}
    >>> signed_content(told)
    b'Message\\nm\\nMessageId\\n1\\nTimestamp\\nt\\nTopicArn\\na\\nType\\nNotification\\n'
    """
    lines: list[str] = []
    for name in _SIGNED.get(str(envelope.get("Type")), ()):
        value = envelope.get(name)
        if value is None and name == _LEFT_OUT_IF_MISSING:
            continue
        if not isinstance(value, str):
            return None
        lines += [name, value]
    return "".join(f"{line}\n" for line in lines).encode(errors="replace") or None


def is_certificate(url: str) -> bool:
    """Return whether a certificate may be fetched from there.

    >>> is_certificate("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem")
    True
    >>> is_certificate("https://sns.eu-west-1.amazonaws.com.evil.example/a.pem")
    False
    """
    parts = _parts_of(url)
    return parts is not None and _CERTIFICATE.fullmatch(parts[0]) is not None and not parts[1]


def confirms(url: str, topic: str) -> bool:
    """Return whether asking this address confirms the subscription to this topic, and does nothing else."""
    parts = _parts_of(url)
    if parts is None or parts[0] != "/":
        return False
    asked = parse_qs(parts[1])
    return asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [topic]


def _parts_of(url: str) -> tuple[str, str] | None:
    """Return path and query of an address of SNS, None for any other."""
    if len(url) > 2000 or not url.isascii() or not url.isprintable() or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_theirs = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None and not parts.fragment
    return (parts.path, parts.query) if is_theirs else None
