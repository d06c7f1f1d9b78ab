-- Attempts that were given up (unknown, abandoned, lost) may still bring a result. Where their work is known, `look_at` says when
-- somebody looks at it next: any process may, and none has to remember it.
alter table attempt add column look_at bigint;
-- Nobody waits for it any more, so its market was asked to stop it.
alter table attempt add column stop_asked_at bigint;
-- Its result came after the generation had ended, and was added at the house's cost.
alter table attempt add column late_at bigint;
create index attempt_look on attempt(look_at) where look_at is not null;

-- The attempt whose work was taken although later ones had followed: then it is the present one, else the last is.
alter table generation add column adopted bigint;
