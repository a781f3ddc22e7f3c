"""The parts of a page that are about a case, as Jinja: where it stands, and a form for each thing that can be done."""

STORY = """<p><strong>{{ case.head }}</strong></p>
<table>{% for called, text in case.facts %}
<tr><th scope="row">{{ called }}</th><td>{{ text }}</td></tr>{% endfor %}
</table>
<h2>{{ say.promises }}</h2>
<table>{% for each in case.promises %}
<tr><th scope="row">{{ each.called }}</th><td>{{ each.said }}
{%- if each.late %} <strong>{{ say.overdue }}</strong>{% endif %}</td></tr>{% endfor %}
</table>
{% if case.remedies %}<h2>{{ say.remedies }}</h2>
<ul>{% for each in case.remedies %}<li>{{ each.said }}
{%- if each.why %}: {{ each.why }}{% endif %}
{%- if each.rule %} <span class="small" lang="en">{{ each.rule }}</span>{% endif %}</li>
{% endfor %}</ul>{% endif %}
{% if case.rings %}<h2>{{ say.next_by_itself }}</h2>
<ol class="lines">{% for at, what in case.rings %}<li><span class="small">{{ at }}</span>
<span lang="en">{{ what }}</span></li>
{% endfor %}</ol>{% endif %}
"""

ACTIONS = """{% macro entry(form, each) %}{% set id = form.id ~ "-" ~ each.name %}
{% if each.kind == "lines" %}<p><label for="{{ id }}">{{ each.label }}</label>
<textarea id="{{ id }}" name="{{ each.name }}" rows="3"{% if each.needed %} required{% endif %}>
{{ each.value }}</textarea></p>
{% elif each.kind == "line" %}<p><label for="{{ id }}">{{ each.label }}</label>
<input id="{{ id }}" name="{{ each.name }}" maxlength="400" value="{{ each.value }}"
{%- if each.name == "amount" %} inputmode="decimal"{% endif %}{% if each.needed %} required{% endif %}></p>
{% elif each.kind == "tick" %}<p><label><input type="checkbox" name="{{ each.name }}" value="yes"
{%- if each.value %} checked{% endif %}> {{ each.label }}</label></p>
{% else %}<fieldset><legend>{{ each.label }}</legend>
{% for value, label in each.options %}<label><input type="radio" name="{{ each.name }}" value="{{ value }}"
{%- if each.needed %} required{% endif %}{% if each.value == value %} checked{% endif %}> {{ label }}</label>
{% endfor %}</fieldset>{% endif %}{% endmacro %}
{% for form in case.forms %}<details id="{{ form.id }}"{% if form.open %} open{% endif %}>
<summary>{{ form.title }}</summary>
{% for each in form.about %}<p>{{ each }}</p>
{% endfor %}<form method="post" class="page">
<input type="hidden" name="do" value="{{ form.verb }}"><input type="hidden" name="key" value="{{ form.key }}">
{% if form.remedy %}<input type="hidden" name="remedy" value="{{ form.remedy }}">
{% endif %}{% for each in form.entries %}{{ entry(form, each) }}
{% endfor %}<button>{{ form.button }}</button></form></details>
{% endfor %}"""

CASE_PARTS = {"case-story": STORY, "case-actions": ACTIONS}
