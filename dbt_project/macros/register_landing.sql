{#
    The one place that knows where landing is. Before a build, makes schema `landed` with one
    view per landed stream over its accepted files, five views over what the pipeline says of its
    own work, one over what people decided, and two over what was published until now. The folder
    is named by EXPERTISE_BUILD_INPUT.

    A stream's view always includes an empty, fully typed file, so that a stream nobody has
    configured is an empty table and a field that older runs lack is null.
#}
{% macro register_landing() %}
    {{ return(adapter.dispatch('register_landing')()) }}
{% endmacro %}

{% macro duckdb__register_landing() %}
    {% if execute %}
        {% set folder = env_var('EXPERTISE_BUILD_INPUT', '') %}
        {% if folder == '' %}
            {{ exceptions.raise_compiler_error(
                "EXPERTISE_BUILD_INPUT is not set: it names the folder with the list of landed files. "
                ~ "`expertise run` writes that folder and sets the variable."
            ) }}
        {% endif %}

        {% set statements = ["create schema if not exists landed"] %}
        {% for name in ['settings', 'configured_sources', 'runs', 'findings', 'rejects', 'decisions',
            'published_history', 'published_history_origin'] %}
            {% do statements.append(
                "create or replace view landed." ~ name ~ " as select * from read_parquet("
                ~ quoted(folder ~ "/" ~ name ~ ".parquet") ~ ")"
            ) %}
        {% endfor %}

        {% set landed_files = run_query(
            "select platform || '__' || stream as name, path, is_before_reset from read_parquet("
            ~ quoted(folder ~ "/landed_files.parquet") ~ ") order by all"
        ) %}
        {% set current, superseded = {}, {} %}
        {% for file in landed_files.rows %}
            {% set files = superseded if file['is_before_reset'] else current %}
            {% do files.setdefault(file['name'], []).append(quoted(file['path'])) %}
        {% endfor %}

        {% set empties = run_query(
            "select file, parse_filename(file, true) as name from glob("
            ~ quoted(folder ~ "/empty/*.parquet") ~ ") order by all"
        ) %}
        {% for empty in empties.rows %}
            {% set name = empty['name'] %}
            {% set parts = [] %}
            {% for is_before_reset, files in [('false', current.get(name, [])), ('true', superseded.get(name, []))] %}
                {% if files or is_before_reset == 'false' %}
                    {% do parts.append(
                        "select *, " ~ is_before_reset ~ " as _is_before_reset from read_parquet(["
                        ~ ([quoted(empty['file'])] + files) | join(", ") ~ "], union_by_name = true)"
                    ) %}
                {% endif %}
            {% endfor %}
            {% do statements.append(
                "create or replace view landed." ~ name ~ " as " ~ parts | join(" union all by name ")
            ) %}
        {% endfor %}
        {{ return(statements | join(";\n") ~ ";") }}
    {% endif %}
    {{ return("") }}
{% endmacro %}

{% macro quoted(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}
