{# SHA-256 of a text, as lower-case hexadecimal digits. #}
{% macro sha256_hex(text) -%}
    {{ return(adapter.dispatch('sha256_hex')(text)) }}
{%- endmacro %}

{% macro duckdb__sha256_hex(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro postgres__sha256_hex(text) -%}
    encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro spark__sha256_hex(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{#
    The id inside an Open Badges address: the last part of `…/public/assertions/ID`, or of Credly's
    `…/obi/v2/badge_assertions/ID` and `…credly.com/badges/ID`, so that the same object under two
    hosts is one; any other identifier is kept as it is, without blanks.
#}
{% macro badge_object_id(address) -%}
    {{ return(adapter.dispatch('badge_object_id')(address)) }}
{%- endmacro %}

{% macro duckdb__badge_object_id(address) -%}
    coalesce(
        nullif(
            regexp_extract(
                trim({{ address }}),
                '(?:/public/(?:assertions|badges|badgeclasses|issuers|credentials|achievements)'
                || '|/obi/v2/badge_assertions|/obi/v2/issuers/[^/]+/badge_classes|/obi/v2/issuers'
                || '|[/.](?:credly|youracclaim)[.]com/badges)/([^/?#]+?)(?:[.]json)?(?:[/?#].*)?$',
                1
            ),
            ''
        ),
        nullif(trim({{ address }}), '')
    )
{%- endmacro %}

{# A number from text, null where the text is none. #}
{% macro number_from_text(text) -%}
    {{ return(adapter.dispatch('number_from_text')(text)) }}
{%- endmacro %}

{% macro duckdb__number_from_text(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{% macro spark__number_from_text(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{# The code of a descriptor: what follows `#` in `uri://…#Teacher`; text without `#` is kept. #}
{% macro descriptor_code(descriptor) -%}
    case
        when {{ descriptor }} like '%#%' then {{ dbt.split_part(descriptor, "'#'", 2) }}
        else {{ descriptor }}
    end
{%- endmacro %}

{# An account code as it is compared: no blanks, no leading zeros (`0100` and `100` are one code). #}
{% macro comparable_code(code) -%}
    nullif(ltrim(trim({{ code }}), '0'), '')
{%- endmacro %}

{# `1 observation`, `3 observations`: for sentences. #}
{% macro counted_noun(count, noun) -%}
    cast({{ count }} as {{ dbt.type_string() }}) || case when {{ count }} = 1 then ' {{ noun }}' else ' {{ noun }}s' end
{%- endmacro %}

{# A list of texts for `in (…)`. #}
{% macro sql_list(texts) -%}
    {%- for text in texts -%}
        {{ quoted(text) }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
