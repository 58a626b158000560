Added checks that name the column of Pulp's own tables which the installed pulpcore (`cargo.E003`) or the database (`cargo.W001`) lacks, before a request meets it.
