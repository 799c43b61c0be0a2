"""What would make choices better: who does badly where, and what would save memory; pure, from numbers of the log."""
