{#
    How a record names a person, in the same columns for every stream, so that one model matches
    them all (int_identity__staff_matched). Every argument is a SQL expression; leave out what the
    stream does not carry.

    employee_id: the district's employee number. state_id: the state's staff id.
    person_key: hash of person id and source system. email: plain address.
    email_hash, email_salt: hashed address of a badge recipient. school_year: of the record, since
    an address may belong to another person later; only addresses are read by it.
#}
{% macro person_reference(employee_id='null', state_id='null', person_key='null', email='null', email_hash='null', email_salt='null', school_year='null') %}
    {%- set text = dbt.type_string() -%}
    {%- set columns = [
        ('reference_employee_id', "nullif(trim(" ~ employee_id ~ "), '')"),
        ('reference_state_id', "nullif(trim(" ~ state_id ~ "), '')"),
        ('reference_person_key', person_key),
        ('reference_email', normalised_email(email)),
        ('reference_email_hash', "lower(" ~ email_hash ~ ")"),
        ('reference_email_salt', email_salt),
    ] -%}
    {%- set parts = [] -%}
    {%- for name, expression in columns %}
        cast({{ expression }} as {{ text }}) as {{ name }},
        {%- do parts.append("coalesce(cast(" ~ expression ~ " as " ~ text ~ "), '')") -%}
    {%- endfor %}
    {%- if school_year != 'null' -%}
        {%- set year_of_address = "case when coalesce(" ~ email ~ ", " ~ email_hash ~ ") is not null then " ~ school_year ~ " end" -%}
        {%- do parts.append("coalesce(cast(" ~ year_of_address ~ " as " ~ text ~ "), '')") %}
        cast({{ year_of_address }} as integer) as reference_school_year,
    {%- else %}
        cast(null as integer) as reference_school_year,
    {%- endif %}
        {{ surrogate_key(parts) }} as reference_key
{%- endmacro %}

{# An e-mail address as it is compared: lower case, no blanks around it, no `mailto:`; null when blank. #}
{% macro normalised_email(email) -%}
    nullif(replace(lower(trim(cast({{ email }} as {{ dbt.type_string() }}))), 'mailto:', ''), '')
{%- endmacro %}

{# A name as it is compared: lower case, no blanks around it. #}
{% macro normalised_name(name) -%}
    nullif(lower(trim({{ name }})), '')
{%- endmacro %}

{# Hash of a person id and its source system, the identity that ratings and licences refer to. #}
{% macro person_key_of(person_id='person_id', source_system='person_source_system', district_id='district_id') -%}
    {{ surrogate_key([person_id, source_system], district_id=district_id) }}
{%- endmacro %}
