"""What an authority may choose, as dated rows. The newest row in force wins; the nearest authority before all."""
