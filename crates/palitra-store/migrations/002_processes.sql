-- What one process at a time does for all of them, who does it, and until when by the database's own clock.
create table leader(
  name text primary key, worker_id text not null, lease_until bigint not null, since bigint not null
);

-- When the lease was last renewed, and what the process does: for people.
alter table worker add column renewed_at bigint not null default 0;
alter table worker add column roles text not null default '';
