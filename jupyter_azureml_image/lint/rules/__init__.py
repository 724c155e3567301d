"""The rules, one module per topic; `rule.TOPICS` names them."""
