"""Mail as it comes back, in the forms that servers and programs give it; all of it made up for these tests."""

from domain.keys import ledger_id, message_id
from domain.return_addresses import BOUNCES, LEAVING, REPLIES, return_address

SECRET, HOST = "s", "in.acme.example"
KEY = "e1/hello/1"
ID = ledger_id(KEY)
MESSAGE_ID = message_id(KEY, SECRET, "mail.acme.example")
BACK = return_address(BOUNCES, ID, SECRET, HOST)
LEAVE = return_address(LEAVING, ID, SECRET, HOST)
ANSWER = return_address(REPLIES, ID, SECRET, HOST)
TOKEN = BACK[2:36]

RETURNED = f"""Return-Path: <{BACK}>
From: Mira at Acme <hello@acme.example>
To: ann@customer.example
Subject: Welcome
Message-ID: {MESSAGE_ID}
List-Unsubscribe: <https://crm.acme.example/u/T>, <mailto:{LEAVE}>
"""


def mail(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def delivery(action: str, status: str, diagnostic: str, *, to: str = BACK, returned: str = RETURNED) -> bytes:
    """A delivery report as Postfix writes it."""
    return mail(f"""From: MAILER-DAEMON@mx.customer.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <report-1@mx.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX"

--XX
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.customer.example. I'm sorry.

--XX
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
Original-Envelope-Id: {TOKEN}

Original-Recipient: rfc822;ann@customer.example
Final-Recipient: rfc822; ann@forwarded.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--XX
Content-Type: text/rfc822-headers

{returned}
--XX--
""")


QMAIL = mail(f"""From: MAILER-DAEMON@mx.customer.example
To: {BACK}
Subject: failure notice

Hi. This is the qmail-send program at mx.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@customer.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{RETURNED}
Hello Ann
""")

EXIM_DELAY = mail(f"""From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
To: {BACK}
Subject: Warning: message 1rX2aB-0004Xy-2d delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.customer.example.

  ann@customer.example
    Delay reason: connection timed out
""")

COMPLAINT = mail(f"""From: feedback@isp.example
To: fbl@in.acme.example
Subject: FW: Welcome
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="YY"

--YY
Content-Type: text/plain

This is an email abuse report.

--YY
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Loop/1.0
Version: 1
Original-Rcpt-To: <ann@customer.example>

--YY
Content-Type: message/rfc822

{RETURNED}
Hello Ann

--YY--
""")

VACATION = mail(f"""From: Ann Example <ann@customer.example>
To: {ANSWER}
Subject: Automatic reply: Welcome
Auto-Submitted: auto-replied
In-Reply-To: {MESSAGE_ID}
Message-ID: <vacation-1@customer.example>
Content-Type: text/plain; charset=utf-8

I am out of the office until 3 December.
""")

REPLY = mail(f"""From: Ann Example <ann@customer.example>
To: Mira <{ANSWER}>
Subject: Re: Welcome
In-Reply-To: {MESSAGE_ID}
References: <older@x.example> {MESSAGE_ID}
Message-ID: <reply-1@customer.example>
X-Auto-Response-Suppress: All
Content-Type: text/plain; charset=utf-8

Yes please, call me on Thursday.

On Mon, 23 Nov 2026 at 09:00, Mira at Acme <hello@acme.example> wrote:
> Hello Ann,
> do you want a demo?
""")

LEAVES = mail(f"""From: Ann Example <ann@customer.example>
To: {LEAVE}
Subject: unsubscribe
Message-ID: <leave-1@customer.example>

""")

RECEIPT = mail(f"""From: Ann Example <ann@customer.example>
To: {ANSWER}
Subject: Read: Welcome
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="ZZ"

--ZZ
Content-Type: text/plain

Your message was read.

--ZZ
Content-Type: message/disposition-notification

Final-Recipient: rfc822; ann@customer.example
Disposition: manual-action/MDN-sent-manually; displayed

--ZZ--
""")

ALL = {
    "bounce": delivery("failed", "5.1.1", "550 5.1.1 <ann@customer.example>: no such user"),
    "qmail": QMAIL,
    "delay": EXIM_DELAY,
    "complaint": COMPLAINT,
    "vacation": VACATION,
    "reply": REPLY,
    "leaves": LEAVES,
    "receipt": RECEIPT,
}
