-- What every generation passes through costs as little as it can (docs/decisions, "The hot path").
--
-- SQLite makes a small table of a list of three values or more whenever it runs a statement that has to look into it, be it in a check or
-- in the condition of an index: a fifth of all its work on a generation. Alternatives mean the same and are compared one by one. The text
-- of a check may be changed in place: no row is stored otherwise (sqlite.org, "Making Other Kinds Of Table Schema Changes").
--lite pragma writable_schema = on;
--lite update sqlite_schema set sql = replace(sql,
--lite     'check(state in (''queued'', ''submitting'', ''running'', ''storing'', ''succeeded'', ''failed'', ''cancelled'', ''timed_out''))',
--lite     'check(state = ''queued'' or state = ''submitting'' or state = ''running'' or state = ''storing'' or state = ''succeeded'' or state = ''failed'' or state = ''cancelled'' or state = ''timed_out'')')
--lite   where type = 'table' and name = 'generation';
--lite update sqlite_schema set sql = replace(sql,
--lite     'check(state in (''submitting'', ''accepted'', ''succeeded'', ''failed'', ''cancelled'', ''refused'', ''unknown'', ''abandoned'', ''lost'', ''vanished''))',
--lite     'check(state = ''succeeded'' or state = ''submitting'' or state = ''accepted'' or state = ''failed'' or state = ''cancelled'' or state = ''refused'' or state = ''unknown'' or state = ''abandoned'' or state = ''lost'' or state = ''vanished'')')
--lite   where type = 'table' and name = 'attempt';
--lite update sqlite_schema set sql = replace(replace(sql,
--lite     'check(state in (''pending'', ''posted'', ''voided''))', 'check(state = ''pending'' or state = ''posted'' or state = ''voided'')'),
--lite     'check(kind in (''hold'', ''topup'', ''welcome'', ''refund'', ''adjustment''))',
--lite     'check(kind = ''hold'' or kind = ''topup'' or kind = ''welcome'' or kind = ''refund'' or kind = ''adjustment'')')
--lite   where type = 'table' and name = 'transfer';
--lite update sqlite_schema set sql = replace(sql,
--lite     'check(kind in (''key'', ''model'', ''batch'', ''closed''))', 'check(kind = ''key'' or kind = ''model'' or kind = ''batch'' or kind = ''closed'')')
--lite   where type = 'table' and name = 'slot';
--lite pragma writable_schema = reset;

-- What is under way has an owner, and nothing else has.
drop index generation_live;
create index generation_live on generation(owner) where owner is not null;
