-- Four checks of the orders in one file: the ceiling, the limit for patients at risk, the start rate, and the three
-- thrombotic contraindications. What cannot be read counts as not there.
-- The variable orders, and the place of the report, are set by the script that runs this.

CREATE MACRO number_of(cell) AS
  CAST(nullif(regexp_extract(cell, '^ *([0-9]+(?:\.[0-9]+)?) *([A-Za-z/]+) *$', 1), '') AS DOUBLE);
CREATE MACRO unit_of(cell) AS
  regexp_extract(cell, '^ *([0-9]+(?:\.[0-9]+)?) *([A-Za-z/]+) *$', 2);
CREATE MACRO is_yes(cell) AS lower(trim(cell)) IN ('yes', 'y', 'true', '1');

-- A rate in mg/kg/min.
CREATE MACRO rate_of(cell, kg, mg_per_mL) AS
  number_of(cell) * CASE unit_of(cell)
    WHEN 'mg/kg/min' THEN 1
    WHEN 'mg/kg/h' THEN 1 / 60.0
    WHEN 'mL/kg/min' THEN mg_per_mL
    WHEN 'mL/kg/h' THEN mg_per_mL / 60.0
    WHEN 'mL/h' THEN mg_per_mL / 60.0 / kg
    WHEN 'mL/min' THEN mg_per_mL / kg
  END;

CREATE TABLE products (spelled VARCHAR, mg_per_mL DOUBLE);
INSERT INTO products VALUES
  ('gamunex-c', 100), ('gamunex-c 10%', 100), ('flebogamma dif 10%', 100), ('privigen', 100), ('privigen 10%', 100),
  ('gammaplex 10%', 100), ('octagam 5%', 50), ('gammaplex 5%', 50), ('panzyga', 100), ('qivigy 10%', 100),
  ('bivigam 10% inj', 100), ('asceniv', 100), ('gammagard liquid', 100), ('gammagard liquid 10%', 100);

-- The start rates by indication, in its spellings; every other begins at 1.
CREATE TABLE starts (spelled VARCHAR, most DOUBLE);
INSERT INTO starts VALUES
  ('pi', 1), ('primary immunodeficiency', 1), ('d83.9', 1), ('itp', 1), ('immune thrombocytopenia', 1), ('d69.3', 1),
  ('cidp', 2), ('chronic inflammatory demyelinating polyneuropathy', 2), ('g61.81', 2);

COPY (
  WITH weighed AS (
    SELECT *, CASE unit_of(weight) WHEN 'kg' THEN number_of(weight) WHEN 'lb' THEN number_of(weight) * 0.45359237 END AS kg
    FROM read_csv(getvariable('orders'), all_varchar = true, header = true)
  ),
  rated AS (
    SELECT
      weighed.*, coalesce(starts.most, 1) AS most_at_start,
      rate_of(start_rate, kg, mg_per_mL) AS start_mg, rate_of(max_rate, kg, mg_per_mL) AS max_mg,
      coalesce(TRY_CAST(age_years AS DOUBLE) >= 66, false) OR is_yes(cardiovascular_risk) OR is_yes(diabetes)
        OR is_yes(renal_insufficiency) OR is_yes(thrombosis_history) OR is_yes(immobilization) OR is_yes(sepsis)
        OR is_yes(nephrotoxic_drugs) AS at_risk
    FROM weighed
    LEFT JOIN products ON products.spelled = lower(trim(weighed.product))
    LEFT JOIN starts ON starts.spelled = lower(trim(weighed.indication))
  )
  SELECT
    order_id,
    coalesce(greatest(start_mg, max_mg) > 8 * (1 + 1e-9), false) AS over_ceiling,
    coalesce(at_risk AND greatest(start_mg, max_mg) >= 8 * (1 - 1e-9), false) AS over_at_risk,
    coalesce(start_mg > most_at_start * (1 + 1e-9), false) AS starts_too_fast,
    coalesce(is_yes(hypercoagulable_state), false) AS hypercoagulable_state,
    coalesce(is_yes(recent_thrombosis), false) AS recent_thrombosis,
    coalesce(is_yes(ivig_thrombosis), false) AS ivig_thrombosis
  FROM rated
) TO '$report' (HEADER, DELIMITER ',');
