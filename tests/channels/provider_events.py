"""What six providers tell of one message to Ann, in the shapes they document, signed as each of them signs."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from channels.providers.sns import signed_content
from domain.webhooks import signed

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
SECOND = int(NOW.timestamp())
ISO = "2026-03-27T09:00:00.000Z"
ID, ANN, LINK = "0f" * 16, "ann@customer.example", "https://acme.example/tips"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
GONE = "550 5.1.1 no such user"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:rapport"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
SHARED, SVIX = "secret-of-a-provider", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Json = Any
Request = tuple[bytes, dict[str, str]]


@cache
def curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def authority() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(authority().public_key())
    made = made.serial_number(1).not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=365))
    return made.sign(authority(), SHA256()).public_bytes(Encoding.PEM)


def public_key() -> str:
    return b64encode(curve().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def secrets() -> dict[str, list[str]]:
    shared = {name: ["the-one-before", SHARED] for name in ("mailgun", "postmark", "brevo")}
    return shared | {"sendgrid": [public_key()], "resend": ["whsec_AAAAAAAAAAAAAAAAAAAAAA==", SVIX]}


def by_sendgrid(tree: Json) -> Request:
    raw = json.dumps(tree).encode()
    signature = b64encode(curve().sign(str(SECOND).encode() + raw, ec.ECDSA(SHA256()))).decode()
    head = "X-Twilio-Email-Event-Webhook-"
    return raw, {head + "Signature": signature, head + "Timestamp": str(SECOND)}


def by_mailgun(tree: Json) -> Request:
    return json.dumps(tree).encode(), {}


def by_secret(tree: Json) -> Request:
    return json.dumps(tree).encode(), {"Authorization": "Basic " + b64encode(f"rapport:{SHARED}".encode()).decode()}


def by_resend(tree: Json) -> Request:
    raw = json.dumps(tree).encode()
    id = "msg_" + sha256(raw).hexdigest()[:20]
    return raw, {name.replace("webhook", "svix"): value for name, value in signed(id, NOW, raw, [SVIX]).items()}


def by_sns(tree: Json, version: str = "2") -> Request:
    envelope = dict(tree) | {"SignatureVersion": version, "SigningCertURL": CERTIFICATE_URL}
    algorithm = SHA256() if version == "2" else SHA1()
    signature = authority().sign(signed_content(envelope) or b"", padding.PKCS1v15(), algorithm)
    return json.dumps(envelope | {"Signature": b64encode(signature).decode()}).encode(), {"Content-Type": "text/plain"}


@dataclass(frozen=True)
class Case:
    """A provider: how it signs, and what it tells, by what happened."""

    name: str
    sign: Callable[[Json], Request]
    told: Mapping[str, Json]

    def requests(self) -> list[Request]:
        return [self.sign(tree) for tree in self.told.values()]


def _sendgrid(event: str, **more: Json) -> list[Json]:
    common = {"email": ANN, "timestamp": SECOND, "sg_event_id": f"ev-{event}", "sg_message_id": "abc123.filter-1"}
    return [common | {"event": event, "smtp-id": "<m@mail.acme.example>", "send_id": ID} | more]


def _mailgun(event: str, **more: Json) -> Json:
    token = sha256((event + str(more)).encode()).hexdigest()[:50]
    signature = hmac.new(SHARED.encode(), f"{SECOND}{token}".encode(), sha256).hexdigest()
    data = {"event": event, "id": "x", "timestamp": SECOND + 0.5, "recipient": ANN, "user-variables": {"send_id": ID}}
    data |= {"message": {"headers": {"message-id": "m@mail.acme.example"}}}
    return {"signature": {"timestamp": str(SECOND), "token": token, "signature": signature}, "event-data": data | more}


def _postmark(record: str, **more: Json) -> Json:
    return {"RecordType": record, "MessageID": "883953f4", "Recipient": ANN, "Metadata": {"send_id": ID}} | more


def _resend(type_: str, **more: Json) -> Json:
    data = {"email_id": "56761188", "to": [ANN], "from": "a@acme.example", "tags": {"send_id": ID}}
    return {"type": type_, "created_at": ISO, "data": data | more}


def _brevo(event: str, **more: Json) -> Json:
    common = {"email": ANN, "message-id": "<2026@smtp-relay.example>", "ts_epoch": SECOND * 1000}
    return common | {"event": event, "X-Mailin-custom": f"send_id:{ID}|sequence:stay|step:hello"} | more


def _ses(event: str, place: str, **more: Json) -> Json:
    mail = {"messageId": "0102-000000", "destination": [ANN], "timestamp": ISO, "tags": {"send_id": [ID]}}
    message = {"eventType": event, "mail": mail, place: {"timestamp": ISO} | more}
    return {
        "Type": "Notification",
        "MessageId": f"sns-{event}",
        "TopicArn": TOPIC,
        "Message": json.dumps(message),
        "Timestamp": ISO,
    }


CASES = {
    each.name: each
    for each in (
        Case(
            "ses",
            by_sns,
            {
                "delivered": _ses("Delivery", "delivery", recipients=[ANN]),
                "deferred": _ses("DeliveryDelay", "deliveryDelay", delayedRecipients=[{"emailAddress": ANN}]),
                "bounced": _ses(
                    "Bounce",
                    "bounce",
                    bounceType="Permanent",
                    bouncedRecipients=[
                        {"emailAddress": ANN, "status": "5.1.1", "diagnosticCode": f"smtp; {GONE}"},
                        {"emailAddress": "bob@other.example", "status": "5.1.1"},
                    ],
                ),
                "complained": _ses("Complaint", "complaint", complainedRecipients=[{"emailAddress": ANN}]),
                "opened": _ses("Open", "open", userAgent=FIREFOX),
                "clicked": _ses("Click", "click", link=LINK, userAgent=FIREFOX),
                "unsubscribed": _ses("Subscription", "subscription", newTopicPreferences={"unsubscribeAll": True}),
            },
        ),
        Case(
            "sendgrid",
            by_sendgrid,
            {
                "delivered": _sendgrid("delivered", response="250 OK"),
                "deferred": _sendgrid("deferred", response="451 4.7.1 later"),
                "bounced": _sendgrid("bounce", type="bounce", status="5.1.1", reason=GONE),
                "complained": _sendgrid("spamreport"),
                "opened": _sendgrid("open", useragent=FIREFOX),
                "clicked": _sendgrid("click", url=LINK, useragent=FIREFOX),
                "unsubscribed": _sendgrid("unsubscribe"),
            },
        ),
        Case(
            "mailgun",
            by_mailgun,
            {
                "delivered": _mailgun("delivered"),
                "deferred": _mailgun("failed", severity="temporary", **{"delivery-status": {"code": 451}}),
                "bounced": _mailgun(
                    "failed",
                    severity="permanent",
                    reason="bounce",
                    **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}},
                ),
                "complained": _mailgun("complained"),
                "opened": _mailgun("opened", **{"client-info": {"user-agent": FIREFOX, "bot": ""}}),
                "clicked": _mailgun("clicked", url=LINK, **{"client-info": {"user-agent": FIREFOX}}),
                "unsubscribed": _mailgun("unsubscribed"),
            },
        ),
        Case(
            "postmark",
            by_secret,
            {
                "delivered": _postmark("Delivery", DeliveredAt=ISO, Details="250 OK"),
                "deferred": _postmark("Bounce", ID=41, Type="Transient", BouncedAt=ISO),
                "bounced": _postmark(
                    "Bounce", ID=42, Type="HardBounce", Email=ANN, Recipient=None, Details=GONE, BouncedAt=ISO
                ),
                "complained": _postmark("SpamComplaint", ID=43, Type="SpamComplaint", Email=ANN, BouncedAt=ISO),
                "opened": _postmark("Open", UserAgent=FIREFOX, ReceivedAt=ISO),
                "clicked": _postmark("Click", OriginalLink=LINK, UserAgent=FIREFOX, ReceivedAt=ISO),
                "unsubscribed": _postmark(
                    "SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression", ChangedAt=ISO
                ),
            },
        ),
        Case(
            "resend",
            by_resend,
            {
                "delivered": _resend("email.delivered"),
                "deferred": _resend("email.delivery_delayed"),
                "bounced": _resend("email.bounced", bounce={"type": "Permanent", "message": GONE}),
                "complained": _resend("email.complained"),
                "opened": _resend("email.opened"),
                "clicked": _resend("email.clicked", click={"link": LINK, "userAgent": FIREFOX, "timestamp": ISO}),
            },
        ),
        Case(
            "brevo",
            by_secret,
            {
                "delivered": _brevo("delivered"),
                "deferred": _brevo("deferred", reason="451 later"),
                "bounced": _brevo("hard_bounce", reason=GONE),
                "complained": _brevo("spam"),
                "opened": _brevo("unique_proxy_open"),
                "clicked": _brevo("click", link=LINK, user_agent=FIREFOX),
                "unsubscribed": _brevo("unsubscribed"),
            },
        ),
    )
}
