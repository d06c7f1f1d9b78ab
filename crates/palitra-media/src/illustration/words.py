"""Makes words.ru.txt and words.en.txt: `words.py FOLDER`, the unpacked npm package cldr-annotations-full 48.2."""
import collections, json, os, re, sys
root=sys.argv[1]+'/'
def norm(w): return w.lower().replace('ё','е').replace('’',"'").strip()
# Signs of the same blocks that are no emoji, which Twemoji has not drawn (the test `every_emoji_of_the_table_is_drawn` names them).
UNDRAWN=set('♪♭♯')|set([])
def pict(e):
    if e in UNDRAWN: return False
    o=ord(e[0]); return o>=0x1f300 or 0x2600<=o<=0x27bf or o in (0x231a,0x231b,0x23f0,0x2b50,0x2b1b)
# hearts, squares, letters, clocks, hands of feeling: signs, not things
NOT=set('🔴🟠🟡🟢🔵🟣🟤⚫⚪🟥🟧🟨🟩🟦🟪🟫⬛⬜◼◻◾◽▪▫🔶🔷🔸🔹🔺🔻💠🔘🔳🔲')
rows={}
OVER={'en':{'car':'🚗','lamp':'💡','clock':'🕰️','girl':'👧','cup':'☕','sun':'☀️','moon':'🌙','mother':'👩','father':'👨','child':'🧒','children':'🧒','sea':'🌊','heart':'❤️','book':'📖','bread':'🍞','apple':'🍎','bird':'🐦','fish':'🐟','cat':'🐈','dog':'🐕','city':'🏙️','plane':'✈️','airplane':'✈️','phone':'📱','computer':'💻','window':'🪟','ball':'⚽','watch':'⌚','bicycle':'🚲','ice':'🧊','wine':'🍷','flower':'🌸','tree':'🌳','house':'🏠','home':'🏠','horse':'🐎','cow':'🐄','pig':'🐖','rabbit':'🐇','mouse':'🐁','tiger':'🐅','letter':'✉️','train':'🚆'},
 'ru':{'машина':'🚗','автомобиль':'🚗','лампа':'💡','дом':'🏠','дети':'🧒','ребенок':'🧒','чашка':'☕','солнце':'☀️','луна':'🌙','мама':'👩','мать':'👩','папа':'👨','отец':'👨','море':'🌊','сердце':'❤️','книга':'📖','хлеб':'🍞','яблоко':'🍎','птица':'🐦','рыба':'🐟','кошка':'🐈','кот':'🐈','собака':'🐕','город':'🏙️','самолет':'✈️','телефон':'📱','компьютер':'💻','окно':'🪟','мяч':'⚽','часы':'⌚','велосипед':'🚲','лед':'🧊','вино':'🍷','цветок':'🌸','дерево':'🌳','лошадь':'🐎','корова':'🐄','свинья':'🐖','кролик':'🐇','мышь':'🐁','тигр':'🐅','письмо':'✉️','поезд':'🚆','девочка':'👧','мальчик':'👦','звезда':'⭐','стул':'🪑','вода':'💧','дождь':'🌧️','снег':'❄️','гриб':'🍄','ключ':'🔑','молоко':'🥛','сыр':'🧀','огонь':'🔥','дверь':'🚪','корабль':'🚢','лиса':'🦊','медведь':'🐻','волк':'🐺','лев':'🦁','шапка':'🧢','ложка':'🥄','нож':'🔪','чай':'🍵','мост':'🌉','гора':'⛰️','остров':'🏝️','лес':'🌲','река':'🏞️','школа':'🏫','больница':'🏥','магазин':'🏪','торт':'🎂','суп':'🍲','яйцо':'🥚','мясо':'🥩'}}
OVER['en'].update({'chair':'🪑','water':'💧','rain':'🌧️','snow':'❄️','mountain':'⛰️','island':'🏝️','forest':'🌲','river':'🏞️','school':'🏫','hospital':'🏥','shop':'🏪','cake':'🎂','soup':'🍲','meat':'🥩','hat':'👒','ship':'🚢','bear':'🐻','wolf':'🐺','lion':'🦁','fox':'🦊','tea':'🍵','coffee':'☕','bridge':'🌉','boy':'👦','star':'⭐','fire':'🔥'})
OVER['ru'].update({'кофе':'☕','рука':'✋','рубашка':'👕','деньги':'💰','ботинки':'👞','шляпа':'👒','король':'🤴','ветер':'🌬️','лягушка':'🐸','врач':'🧑‍⚕️','учитель':'🧑‍🏫','капуста':'🥬','соль':'🧂','дорога':'🛣️','очки':'👓','зонт':'☂️'})
OVER['en'].update({'cheese':'🧀','milk':'🥛','cherry':'🍒','rice':'🍚','honey':'🍯','hand':'✋','shirt':'👕','trousers':'👖','shoes':'👞','bag':'👜','money':'💰','doctor':'🧑‍⚕️','king':'🤴','road':'🛣️','boat':'⛵','bee':'🐝','wind':'🌬️','cabbage':'🥬'})
for l in ('ru','en'):
    d=json.load(open(f'{root}annotations/{l}/annotations.json'))['annotations']['annotations']
    t={}
    key=collections.defaultdict(list)
    for e,v in d.items():
        if not pict(e) or e in NOT or 'tts' not in v or any(0x1f3fb<=ord(c)<=0x1f3ff for c in e): continue
        name=norm(v['tts'][0]); 
        for k in v.get('default',[]): key[norm(k)].append((e,name))
        t.setdefault(name,e)
    exact=len(t)
    # "красное яблоко", "fishing pole": the word alone, when its emoji is told by it and nothing else is
    for k,es in key.items():
        if k in t or not re.fullmatch(r"[a-zа-я' -]{2,}",k): continue
        if len(es)==1:
            e,name=es[0]
            words=re.split(r"[ ,\-()]+",name)
            head = words[-1] if l=='en' else None
            # English: the last word is what the thing is; Russian: the name begins with it, or has it behind adjectives
            adj=re.search(r'(ый|ий|ой|ая|яя|ое|ее|ые|ие|ого|их|ых)$',k)
            ok = (head==k) if l=='en' else not adj and (words[0]==k or (len(words)==2 and words[1]==k and re.search(r'(ый|ий|ой|ая|яя|ое|ее|ые|ие)$',words[0])))
            if ok: t[k]=e
    t.update({norm(k):v for k,v in OVER[l].items()})
    rows[l]=t
    print(l,exact,len(t),file=sys.stderr)
out=['# Word, tab, emoji. Names of emoji in Unicode CLDR 48.2 (npm cldr-annotations-full; Unicode-3.0, see THIRD_PARTY.md), the single nouns of','# names with adjectives, and a hundred everyday words chosen by hand where CLDR names another thing. In lower case, е for ё, sorted.']
dest=os.path.dirname(os.path.abspath(__file__))+'/'
for l in rows:
    lines=[f'{k}\t{v}' for k,v in sorted(rows[l].items()) if len(k)<=40]
    open(dest+f'words.{l}.txt','w').write('\n'.join(out+lines)+'\n')
