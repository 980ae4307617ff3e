# Keys and the list as they change: rotation, passing on, voided codes, drills.
