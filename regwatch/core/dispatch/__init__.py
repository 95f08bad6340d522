"""Who is told what when: routes, groups, and which messages go as one."""
