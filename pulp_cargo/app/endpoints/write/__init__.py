"""What cargo changes: publishing and yanking."""
