{#- The body of every staging model: current rows of one extract, typed as its contract says.

    Rows in `superseded_rows` are left out; `lpu` becomes `unit_code`, the code in the list of areas, or `unknown`. Where the newest
    file of a day has no units, a row of an older one, which counts as its newer version is in quarantine, is `unknown` like the
    others. Landing has written every value in a canonical text form, so that the casts here can't fail. -#}
{% macro stage(extract) %}
{%- set types = {
    'date': 'date', 'month': 'date', 'timestamp': 'timestamp', 'whole': 'bigint',
    'money': 'decimal(28, 10)', 'number': 'decimal(28, 10)',
} -%}
{%- set table = source('raw', extract) -%}
{%- set unit_names = ref('unit_names') -%}
{%- set area_coverages = ref('area_coverages') -%}
{%- set coverage_windows = ref('coverage_windows') -%}
{%- set contracts = source('raw', 'contracts') -%}
{%- set columns = {} -%}
{%- if execute -%}
    {%- for node in graph.sources.values() if node.source_name == 'raw' and node.name == extract -%}
        {%- do columns.update(node.columns) -%}
    {%- endfor -%}
{%- endif -%}
{%- set has_units = columns.values() | selectattr('data_type', 'equalto', 'unit') | list | length > 0 -%}
with source as (
    select * from {{ table }}
),

current_rows as (
    select source.*
    from source
    left join {{ ref('superseded_rows') }} as superseded
        on superseded.extract = '{{ extract }}'
        and source._load_id = superseded.load_id
        and source._line = superseded.line
    where superseded.load_id is null
),

final as (
    select
        current_rows._force_code as force_code,
        current_rows._load_id as load_id,
        current_rows._line as line,
        {%- for name, column in columns.items() if not name.startswith('_') %}
        {%- if column.data_type in types %}
        cast(current_rows.{{ name }} as {{ types[column.data_type] }}) as {{ name }},
        {%- else %}
        current_rows.{{ name }},
        {%- endif %}
        {%- endfor %}
        {%- if has_units %}
        case
            when without_units.extract is not null and with_units.coverage is null then 'unknown'
            else coalesce(units.unit_code, 'unknown')
        end as unit_code
        {%- else %}
        cast(null as string) as unit_code
        {%- endif %}
    from current_rows
    {%- if has_units %}
    left join {{ unit_names }} as units
        on current_rows._force_code = units.force_code
        and lower(current_rows.lpu) = units.unit_name
    left join (
        select areas.extract, areas.force_code, areas.area_coverage
        from {{ area_coverages }} as areas
        where areas.coverage = '{{ extract }}'
    ) as without_units
        on current_rows._force_code = without_units.force_code
    left join (
        -- A row of a whole list may be older than each of its windows.
        select distinct
            windows.coverage,
            windows.force_code,
            case when contracts.kind = 'list' then make_date(1, 1, 1) else windows.covered_from end as covered_from,
            case when contracts.kind = 'list' then make_date(9999, 12, 31) else windows.covered_to end as covered_to
        from {{ coverage_windows }} as windows
        inner join {{ area_coverages }} as areas
            on windows.coverage = areas.area_coverage
            and windows.force_code = areas.force_code
        inner join {{ contracts }} as contracts on areas.extract = contracts.extract
        where areas.coverage = '{{ extract }}'
    ) as with_units
        on without_units.area_coverage = with_units.coverage
        and without_units.force_code = with_units.force_code
        and cast(current_rows._date as date) between with_units.covered_from and with_units.covered_to
    {%- endif %}
)

select * from final
{% endmacro %}
