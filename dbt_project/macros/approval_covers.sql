{#
    Whether an approval covers a micro-credential on a day, bounds included: its issuer's, and
    of all of that issuer's micro-credentials or of this one.
#}
{% macro approval_covers(approval, comparable_issuer_name, micro_credential_id, day) -%}
    {{ approval }}.comparable_issuer_name = {{ comparable_issuer_name }}
        and (
            {{ approval }}.micro_credential_id is null
            or {{ approval }}.micro_credential_id = {{ micro_credential_id }}
        )
        and {{ approval }}.approved_from_date <= {{ day }}
        and coalesce({{ approval }}.approved_to_date >= {{ day }}, true)
{%- endmacro %}
