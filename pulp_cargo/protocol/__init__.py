"""What Cargo defines: names, versions, files and messages. Pure: no Django, no I/O, no clock."""
