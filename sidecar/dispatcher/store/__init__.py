"""What is remembered, in one SQLite file. No other room speaks SQL."""
