"""Reports: tables, plots and the documentation page made from results."""
