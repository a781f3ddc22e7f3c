"""How pages that are sent around look: light and dark, on paper, on a telephone. Nothing is loaded from elsewhere."""

from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #23272e; --soft: #5f6875; --line: #d9dce1; --paper: #fff; --ground: #f5f4f1;
  --sent: #1f6f54; --wait: #8a93a0; --choice: #6a4fb3; --halt: #a8490f; --event: #1d5fa8; --bar: #1f6f54; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --soft: #a9b1bc; --line: #3a4048; --paper: #22262b;
  --ground: #181b1f; --sent: #7fd1b2; --wait: #8a93a0; --choice: #b6a3ee; --halt: #f0a276; --event: #7db4f0;
  --bar: #4fa98a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
.about { color: var(--soft); margin: 0 0 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.75rem 0 .6rem; }
.later, .soft { color: var(--soft); font-weight: 400; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 0 1.25rem; padding: 0; list-style: none; }
.figures li { flex: 1 1 8rem; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--paper); }
.figures b { display: block; font-size: 1.3rem; line-height: 1.3; overflow-wrap: anywhere; }
.figures span { color: var(--soft); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 0 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.assumed { border-left: 3px solid var(--halt); padding: .4rem .9rem; margin: 0 0 1rem; background: var(--paper);
  border-radius: 0 .5rem .5rem 0; }
details { margin: .6rem 0 0; border: 1px solid var(--line); border-radius: .6rem; background: var(--paper);
  overflow: hidden; }
summary { padding: .55rem .9rem; cursor: pointer; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 80vh; padding: .5rem; border-top: 1px solid var(--line); text-align: center; }
@media print { body { background: #fff; font-size: 11pt; } main { padding: 0; max-width: none; }
  .scroll { max-height: none; } }
"""


def document(title: str, body: str, style: str = "") -> str:
    """Return a complete page that runs nothing and loads nothing; `body` is markup, `title` is text."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; frame-src 'self'; form-action 'none'; base-uri 'none'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def figures(figures: list[tuple[str, str]]) -> str:
    """Return a strip of (figure, what it counts)."""
    items = "".join(f"<li><b>{escape(figure)}</b><span>{escape(of)}</span></li>" for figure, of in figures)
    return f'<ul class="figures">{items}</ul>'
