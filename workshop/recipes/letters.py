"""A grammar of letters, e-mails and chat messages, each with a summary: what the course's summarizer learns from.

There is no open set of letters with summaries. So this file holds tables of parts (names, towns, things, sentences) and
a few small functions which put them together. A summary says who writes, what happened and what is wished, in the words
of the text. The tables are wide, and much of a text does not matter for its summary: what can be learned here is to
choose and to copy, not to remember. What a letter is about (its topics)
is what zero-shot classification learns from.

The tables' language: `[a|b|]` is one of its parts, chosen anew each time. `{x:the}` is a fact of this letter in one of
its forms. A digit after a fact's name makes a second one that differs from the first, as `{date2}` does from `{date}`.
An indented line goes on with the line before it. In SITUATIONS a line begins with what it is: `@` a situation, `#` a
subject, `+` a detail, `?` a wish, `^` that the writer is angry, `>` a story, `%` its topics.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

# ---------------------------------------------------------------- people and places

# Women's names; men's names; family names. A plus sign: the family name stands first.
PEOPLE = """
Amelia Harriet Joanne Megan; Colin Graham Stuart Trevor; Ashworth Barlow Cartwright Dunmore Fairley Hobbs Pickering
    Thorpe
Aoife Niamh Orla Sinead; Cormac Declan Eoin Padraig; Brennan Doyle Gallagher Keane Moloney Nolan Quinlan Sheehan
Bronwen Carys Eleri Sian; Dafydd Emrys Gethin Rhys; Bevan Gwynne Llewellyn Morgan Prosser Pugh Rees Vaughan
Camille Elodie Margaux Solene; Bastien Etienne Luc Thibault; Beaumont Chevalier Dufour Fontaine Girard Lacroix
    Perrin Roussel
Anke Greta Heike Liesel; Dieter Jochen Matthias Uwe; Bergmann Fuchs Hoffmann Keller Lindner Schreiber Vogel
    Zimmermann
Femke Lotte Marijke Saskia; Bram Gijs Joost Ruben; Bakker Dekker Hendriks Kuipers Mulder Smeets Visser Wouters
Freja Kirsten Mette Signe; Anders Jesper Mikkel Soren; Andersen Dahl Holm Kjaer Lund Mikkelsen Rasmussen Thomsen
Astrid Ebba Linnea Sigrid; Gustav Henrik Lars Olle; Berglund Ekstrom Forsberg Hedlund Lindqvist Nystrom Sandberg
    Wallin
Aino Helmi Kaisa Tuuli; Antti Jukka Pekka Timo; Hakala Koskinen Laine Makinen Niemi Rantanen Salonen Virtanen
Birna Hildur Katrin Sunna; Baldur Gunnar Ragnar Snorri; Arnarson Bjornsson Einarsson Helgason Jonsson Olafsson
    Palsson Ragnarsson
Agata Dorota Kinga Zofia; Bartosz Jacek Kamil Wojciech; Borkowski Dudek Kaczmarek Lis Mazur Nowak Pawlak Wrona
Alena Jitka Lenka Radka; Jiri Ondrej Radek Vaclav; Benes Dvorak Horak Kolar Marek Novotny Prochazka Sykora
Csilla Dora Ildiko Zsofia; Bela Gabor Laszlo Zoltan; Balogh Farkas Halasz Kovacs Molnar Szabo Toth Varga
Anca Ileana Roxana Simona; Bogdan Horia Liviu Radu; Albu Dinu Ionescu Lupu Munteanu Popa Stanciu Vasile
Biljana Jelena Milica Vesna; Dragan Goran Milos Zoran; Babic Djuric Jovanovic Kovacevic Lazic Markovic Petrovic
    Savic
Desislava Ivelina Radka Yana; Boyan Kiril Plamen Stoyan; Angelov Borisov Dimitrov Georgiev Iliev Kolev Petkov
    Todorov
Oksana Halyna Larysa Svitlana; Andriy Bohdan Mykola Taras; Bondarenko Hrytsenko Koval Lysenko Melnyk Petrenko
    Shevchuk Tkachenko
Galina Irina Ludmila Polina; Arkady Fyodor Gennady Leonid; Belov Golubev Kozlov Lebedev Morozov Orlov Sokolov
    Vinogradov
Eleni Katerina Sotiria Vasiliki; Christos Kostas Nikos Stavros; Alexiou Deligianni Galanis Karras Laskaris Mavros
    Papadakis Vlachos
Chiara Giulia Ornella Silvia; Alessio Davide Matteo Tommaso; Bellini Conti De_Luca Ferrara Galli Marchetti Ricci
    Santoro
Beatriz Ines Leonor Teresa; Duarte Joaquim Rui Vasco; Almeida Barros Carvalho Figueiredo Lopes Moreira Teixeira
    Vieira
Carmen Lucia Marisol Pilar; Alvaro Gonzalo Ignacio Rafael; Aguilar Calderon Fuentes Herrera Iglesias Navarro Ortega
    Quintero
Rosario Ximena Itzel Guadalupe; Emiliano Hernan Mauricio Ramiro; Arroyo Bustamante Cardenas Escobar Maldonado
    Palacios Rivas Zamora
Ayse Elif Nazli Zeynep; Cem Emre Kerem Orhan; Aksoy Celik Demir Kaya Ozturk Sahin Yalcin Yildiz
Leyla Nasrin Shirin Yasmin; Behrouz Dariush Farhad Kamran; Ahmadi Bahrami Ebrahimi Farrokhi Karimi Moradi Rostami
    Tehrani
Amal Huda Nadia Rania; Bassam Khaled Omar Tariq; Al-Amin Darwish Haddad Khoury Mansour Nasser Qasim Saleh
Ayelet Michal Noa Tamar; Avi Eitan Gilad Yoav; Avraham Ben-David Cohen Golan Mizrahi Peretz Shapiro Zohar
Ananya Deepa Kavita Meera; Anil Rajesh Suresh Vikram; Agarwal Bhatt Chaudhary Iyer Kulkarni Menon Reddy Sharma
Farzana Nusrat Rubina Sadia; Asif Imran Kashif Zahid; Ahmed Butt Chowdhury Hossain Malik Qureshi Rahman Siddiqui
Dilani Kumari Nirmala Sanduni; Chaminda Kasun Nuwan Ruwan; Bandara Fernando Gunasekara Jayasuriya Perera Ranasinghe
    Silva Wickramasinghe
+ Xiaoli Meiling Yuting Lihua; Jianguo Haoran Weiming Zhiyuan; Chen Feng Gao Huang Liang Peng Sun Zhou
+ Eun-ji Hye-jin Mi-rae Soo-ah; Dong-hyun Jae-won Min-ho Tae-yang; Baek Choi Hwang Jang Kwon Lim Noh Shin
Akiko Haruka Naomi Yuki; Daichi Hiroshi Kenji Takumi; Endo Fujimoto Hayashi Inoue Kimura Matsuda Okada Yamashita
+ Thi_Hoa Thu_Lan Ngoc_Anh Bich_Van; Van_Duc Quang_Minh Duc_Thanh Huu_Nam; Bui Dang Hoang Le Nguyen Pham Tran Vu
Achara Kanya Malee Siriporn; Anong Chaiwat Prasert Somchai; Boonmee Chaiyasit Kittikun Phanuphong Rattana Saetang
    Thongchai Wongsakul
Ayu Dewi Lestari Putri; Agus Budi Hendra Wahyu; Halim Kusuma Nugroho Pratama Santoso Setiawan Utomo Wijaya
Corazon Imelda Liwayway Marites; Danilo Efren Jomar Renato; Bautista Cabrera Dimaculangan Lacson Magsaysay Ocampo
    Salonga Villanueva
Adaeze Chioma Ifeoma Ngozi; Chidi Emeka Obinna Uche; Achebe Eze Igwe Nwosu Obi Okafor Onyekachi Uzor
Abeni Folake Temitope Yetunde; Babatunde Kayode Olumide Segun; Adebayo Afolabi Balogun Fashola Ogunleye Olatunji
    Oyelaran Salami
Abena Akosua Efua Esi; Kofi Kwabena Kwame Yaw; Agyeman Appiah Boateng Darko Mensah Osei Owusu Sarpong
Makena Njeri Wairimu Wanjiku; Kamau Kiptoo Mwangi Otieno; Barasa Cheruiyot Gitau Kariuki Maina Njoroge Odhiambo
    Wekesa
Hiwot Mekdes Selam Tigist; Abebe Dawit Getachew Tesfaye; Alemu Bekele Desta Gebre Haile Kebede Mulugeta Wolde
Lindiwe Nomvula Thandeka Zanele; Bongani Mandla Sipho Themba; Dlamini Khumalo Mabaso Ndlovu Nkosi Sithole
    Tshabalala Zwane
Awa Fatou Mariama Oumou; Amadou Cheikh Ibrahima Moussa; Ba Cisse Diallo Diop Faye Ndiaye Sarr Traore
Hine Kiri Marama Ngaire; Hemi Rawiri Tane Wiremu; Henare Ngata Parata Rangi Tamihana Tawhiri Waaka Wihongi
Brooke Kayla Madison Shelby; Bryce Dustin Hunter Wyatt; Abernathy Coleman Hutchins McAllister Prescott Sawyer
    Whitfield Yates
"""
TOWNS = """
Aarhus Aberdeen Accra Adelaide Aleppo Algiers Almaty Amman Ankara Antwerp Arequipa Asmara Athens Auckland Bamako
    Bangalore
Banjul Barcelona Basel Bath Beirut Belfast Belgrade Bergen Bilbao Bogota Bologna Bordeaux Brasov Bratislava Bremen
    Brighton
Brisbane Bristol Brno Bruges Bukhara Burgas Cadiz Cairo Calgary Canberra Cardiff Casablanca Cebu Chennai Chester
    Chicago Cologne
Colombo Coimbra Cork Cusco Dakar Dallas Damascus Darwin Davao Debrecen Delft Denver Derby Detroit Dhaka Dijon
    Dortmund
Dresden Dublin Dundee Durban Durham Edinburgh Entebbe Esbjerg Exeter Faro Florence Fukuoka Galway Gaziantep Gdansk
    Geneva Ghent
Girona Glasgow Gothenburg Granada Graz Grenoble Groningen Guadalajara Haifa Halifax Hamburg Hamilton Hanoi Harare
    Havana Helsinki
Hiroshima Hobart Hull Hyderabad Ibadan Iasi Innsbruck Inverness Ipswich Isfahan Istanbul Izmir Jaipur Jakarta
    Kampala Kandy Kano
Karachi Kaunas Kazan Kigali Kingston Kisumu Kobe Krakow Kumasi Kyoto Lagos Lahore Lausanne Leeds Leicester Leipzig
    Leuven Lille
Lima Limerick Lincoln Linz Lisbon Liverpool Ljubljana Lodz Lublin Lucerne Lusaka Lyon Madrid Maastricht Malaga
    Malmo Manaus
Manila Maputo Maribor Marrakesh Marseille Medan Melbourne Merida Milan Minsk Mombasa Monterrey Montreal Mumbai
    Munich Mysore
Nagoya Nairobi Nantes Naples Nelson Newcastle Nicosia Norwich Nottingham Novi_Sad Odense Odessa Oporto Osaka Oslo
    Ostrava Ottawa
Oulu Oxford Palermo Patras Penang Perth Plovdiv Plymouth Portland Potsdam Poznan Prague Pretoria Pune Quebec Quito
    Reading Recife
Rennes Reykjavik Riga Rosario Rotterdam Rouen Sapporo Salamanca Salzburg Santiago Sarajevo Seattle Seville
    Sheffield Skopje Sofia
Split Stavanger Stockholm Surabaya Swansea Sydney Szeged Tabriz Tallinn Tampere Tartu Tashkent Tbilisi Thessaloniki
    Tirana Toledo
Toronto Toulouse Trieste Trondheim Tunis Turin Turku Uppsala Utrecht Valencia Valparaiso Varna Venice Verona Vienna
    Vilnius Warsaw
Wellington Windhoek Winnipeg Wroclaw Yerevan York Zagreb Zaragoza Zurich
"""
STREETS = """
Mill Church Station Orchard Castle Bridge Chapel Market Victoria Garden Forest Harbour School Linden Poplar Willow
    Cherry Rose
Abbey Hill River Meadow Tower Windmill Foundry Weaver Cooper Baker Tanner Almond Cedar Juniper Heron Swan
    Kingfisher Quarry
Lighthouse Canal Priory Vineyard Acacia Lavender Observatory Cathedral Ferry Granary Saddler Magnolia
"""
NAME_FRONTS = """
North South East West Blue Green Red Silver Golden White Black Bright Clear High Still Old New Fair Swift Grand
    Stone Wood River
Lake Hill Oak Maple Ash Birch Fern Moss Salt Star Sun Moon Rain Snow Storm Winter Summer Amber Copper Iron Clover
    Heather
"""
NAME_BACKS = """
gate field brook bridge wood ford stone port haven dale wick mere view well crest leaf fox crane finch hare lark
    otter
"""
GOODS = "Goods; Home; Living; Store; Trading; Outfitters; Supplies; Direct; Online; Market; Warehouse; Emporium; House"
# The kinds of addressee with a name; {f}: a family name, {w}: an invented word, {t}: a town, {s}: a street's word.
FIRMS = {
    "shop": """{f} & Sons; {f} & Partners; {f} Brothers; {f} and Niece; {f} & Co; {w} {g}; {w} & {f}; {s} Street
        {g}; {w}; {t} {g}""",
    "hotel": """Hotel {w}; the {w} Hotel; the {s} House Hotel; Pension {f}; the {w} Inn; Guesthouse {f}; the Grand
        Hotel {t}""",
    "carrier": "{w} Air; {w} Airways; {w} Rail; {w} Coaches; {t} Ferries; {w} Trains; Air {w}; {s} Line",
    "school": """{s} Park School; {w} Primary School; {s} Road School; {t} Music School; the {w} Academy; {w} High
        School""",
    "practice": """the {s} Street Practice; the {w} Dental Practice; the {s} Clinic; {w} Health Centre; the {w} Eye
        Clinic""",
    "library": "{t} Public Library; the {s} Street Library; {w} Library; the {t} Town Library",
    "council": "{t} City Council; {t} Town Hall; the Parks Department; {w} Council; the Roads Department of {t}",
    "provider": "{w} Energy; {w} Telecom; {w} Mobile; {w} Water; {t} Gas; {w} Broadband; {w} Power; {s} Net; {w} Fibre",
    "bank": "{w} Bank; the Bank of {t}; {s} Savings Bank; {w} Credit Union; {f} & {w} Bank",
    "restaurant": "Cafe {w}; the {w} Kitchen; Trattoria {f}; Bistro {w}; {f} Catering; the {s} Tree; the {w} Table",
    "garage": "{f} Motors; {w} Garage; {f} & Sons; {w} Repairs; {f} Plumbing; {w} Roofing; {s} Cycles; {f} Joinery",
    "insurer": "{w} Insurance; {w} Mutual; {f} & Partners Insurance; {t} Life; {w} Assurance",
    "employer": """{w} Systems; {f} Publishing; {w} Foods; {t} Zoo; {w} Labs; {f} & {f2} Architects; {w} Nurseries;
        {w} Logistics""",
    "club": "the {t} Association; the {w} Club; {t} Community Centre; the {s} Street Club; the {w} Society",
    "office": """{t} Station; {t} Airport; {s} Street Swimming Pool; the {w} Theatre; {t} Bus Company; {w} Museum;
        {w} Cinema""",
}

# ---------------------------------------------------------------- things and amounts

COLOURS = """black; white; red; blue; green; yellow; grey; brown; orange; purple; turquoise; dark blue; light green;
        cream;
navy; olive; beige; pink; silver; burgundy; sky-blue; bottle-green; mustard"""
# Kind: nouns (a plus sign: plural); what may stand before them; flaws they have; parts they may lack.
THINGS = {
    "clothes": (
        """coat; raincoat; jumper; cardigan; shirt; blouse; skirt; dress; bathrobe; scarf; hat; cap; waistcoat;
        jacket; hoodie;
        apron; poncho; tracksuit; dressing gown; shawl; kimono; gloves+; mittens+; socks+; trousers+; pyjamas+;
    leggings+; suit""",
        "cotton; linen; woollen; striped; checked; fleece; silk; spotted; quilted; hand-knitted; extra-large; small",
        """a torn seam; a hole in the back; an oily stain; a broken zip; a loose thread; a missing button; a stain
        on the front""",
        "the belt; two buttons; the hood; the lining; the matching scarf",
    ),
    "shoes": (
        """sandals+; hiking boots+; slippers+; trainers+; clogs+; ankle boots+; football boots+; dancing shoes+;
        wellingtons+""",
        "leather; suede; canvas; lined; size 38; size 42; waterproof",
        "a loose sole; a broken buckle; a scratch on the heel; a crack in one sole",
        "the laces; the insoles; the left shoe",
    ),
    "kitchen": (
        """kettle; frying pan; saucepan; teapot; coffee grinder; bread knife; salad bowl; casserole dish; baking
        tray; mixing
    bowl;
        milk jug; wok; fruit bowl; cake stand; pepper mill; vase; colander; butter dish; tea tray; fondue set;
    coffee pot; ladle;
        soup plates+; cups+; mugs+; espresso cups+; waffle iron; rice cooker; cake tin; sugar bowl; set of spoons;
    water jug""",
        "steel; copper; enamel; large; small; hand-painted; round; heavy; ceramic; deep; oval",
        """a crack in the side; a chipped rim; a dent; a loose handle; a deep scratch; a broken handle; rust on the
        bottom""",
        "the lid; the handle; the recipe booklet; the rubber seal; the stand",
    ),
    "furniture": (
        """bookcase; desk; armchair; rocking chair; coffee table; bedside table; bunk bed; wardrobe; chest of
        drawers; stool;
    bench;
        shoe rack; sofa; writing table; cot; mirror; coat stand; footstool; sideboard; shelf; garden table;
    deckchair;
        bar stools+; dining chairs+; plant stand; wine rack; clothes rail; high chair""",
        "oak; pine; walnut; bamboo; folding; small; large; tall; narrow; round; second-hand; low; wide",
        "a long scratch; a cracked leg; a broken hinge; a stain on one side; a dent in the top; a split along the edge",
        "the screws; two of the legs; the instructions; the handles; the top shelf; the bolts; the cover",
    ),
    "electronics": (
        """desk lamp; radio; laptop; tablet; camera; printer; keyboard; monitor; vacuum cleaner; hairdryer; alarm clock;
    projector;
        record player; electric toothbrush; fan heater; iron; sewing machine; bread machine; hand mixer; phone;
    router; scanner;
        loudspeaker; games console; baby monitor; doorbell; thermometer; blender; dehumidifier; electric fan;
    e-reader; weather
        station; headphones+; earphones+; hair clippers+; washing machine; fridge; dishwasher; night light;
    microwave; microphone""",
        "portable; small; compact; refurbished; new; used; second-hand; old; expensive",
        """a cracked screen; a loose plug; a dead battery; a broken switch; a dent in the case; a faulty button; a
        frayed cable""",
        "the charger; the power cable; the remote control; the manual; the battery; the adapter; the cover",
    ),
    "tools": (
        """drill; ladder; hammer; wheelbarrow; saw; toolbox; spirit level; hedge trimmer; lawnmower; pressure
        washer; sander;
    axe;
        workbench; tile cutter; paint sprayer; tape measure; bicycle pump; crowbar; staple gun; extension lead;
    soldering iron;
        garden shears+; pliers+; wallpaper table; screwdriver set; vice; chainsaw; spanner set; glue gun; trolley;
    hand plane""",
        "heavy; small; old; sturdy; light; new; used; large",
        "a bent blade; a cracked handle; a missing screw; a loose grip; rust all over; a faulty trigger",
        "the case; the blade; the spare bits; the safety guard; the handle; the instructions",
    ),
    "toys": (
        """doll's house; kite; train set; teddy bear; jigsaw puzzle; chess set; spinning top; toy tractor; rocking
        horse;
    yo-yo;
        board game; puppet; scooter; tricycle; marble run; magic set; toy drum; model ship; skipping rope; abacus;
    card game;
        building blocks+; juggling balls+; finger puppets+; sledge; microscope; telescope; toy crane; toy castle;
    paddling pool""",
        "wooden; large; small; hand-made; old-fashioned; painted; big; colourful",
        "a broken wheel; a split seam; a crack; peeling paint; a bent frame; a loose part",
        "the rules; one wheel; several pieces; the box; the string; the dice",
    ),
    "sport": (
        """tennis racket; football; cricket bat; yoga mat; rowing machine; exercise bike; surfboard; bicycle;
        skateboard; tent;
        sleeping bag; fishing rod; rucksack; canoe paddle; basketball hoop; helmet; punchbag; life jacket; climbing
    rope; hockey
        stick; diving mask; bicycle lock; camping stove; water bottle; ski poles+; swimming goggles+; skis+; roller
    skates+;
        walking poles+; dumbbells+; saddle; wetsuit; hammock; compass; unicycle; snowboard; table-tennis table;
    bicycle lamp""",
        "light; new; old; sturdy; small; used; expensive; large",
        "a crack; a torn strap; a bent frame; a puncture; a broken clip; a hole in the side",
        "the carrying bag; the pump; the strap; the pegs; the cover; the repair kit",
    ),
    "plants": (
        """lemon tree; rose bush; apple tree; magnolia; fig tree; cherry tree; orchid; fern; rubber plant; cactus;
        tomato
    plants+;
        strawberry plants+; lavender bush; bonsai; palm; ivy; olive tree; tulips+; rose bushes+; herbs+; vine; yucca""",
        "young; tall; small; potted; sturdy; fine; large",
        "a broken branch; a snapped stem; mould on the roots; lice on the leaves; a cracked pot",
        "the pot; the label; the planting guide; the stakes; the plant food",
    ),
    "home": (
        """mattress; rug; curtains+; cushions+; blanket; duvet; pillow; tablecloth; bedspread; bath towels+;
        doormat; hammock;
    quilt;
        napkins+; roller blind; lampshade; sheepskin; pillowcases+; wall hanging; beanbag; carpet; bath mat; sheets+""",
        "soft; thick; striped; cotton; large; small; hand-made; checked; woollen; flowered",
        "a torn seam; a hole in the middle; a stain; a loose thread; a burn mark; a tear",
        "the cover; the matching cushion; the hooks; the washing guide; the bag",
    ),
    "garden": (
        """flowerpot; watering can; bird table; sundial; compost bin; greenhouse; trellis; rake; spade; water butt;
        fire bowl;
    hose;
        parasol; bird bath; lantern; garden bench; nesting box; beehive;
        wind chime; garden gnome; barbecue; picnic table; stepping stones+; fence posts+""",
        "large; small; stone; old; fine; pretty; heavy",
        "a crack; a dent; mould on one side; a split",
        "the base; the planting guide; the labels; the stand; the hook",
    ),
    "bags": (
        """suitcase; handbag; wallet; purse; briefcase; umbrella; watch; bracelet; necklace; ring; brooch; key ring;
        sponge
    bag; diary;
        notebook; fountain pen; lunch box; pencil case; satchel; shopping bag; walking stick; flask; music folder;
    sketchbook;
        sunglasses+; reading glasses+; earrings+; cufflinks+; travel bag; baby carrier; pocket knife; binoculars+;
    mouth organ""",
        "leather; old; small; narrow; plain; large; engraved; canvas; elegant",
        "a broken clasp; a torn strap; a scratch; a loose stitch; a bent pin; a broken catch",
        "the strap; the case; the guarantee card; the pouch; the gift box",
    ),
    "music": (
        """guitar; violin; ukulele; flute; clarinet; trumpet; accordion; cello; banjo; drum kit; keyboard stand;
        metronome;
    harp;
        music stand; tambourine; piano stool; amplifier; double bass; saxophone; trombone; mandolin; violin bow;
    xylophone;
        bagpipes+; maracas+; cymbals+; tuning fork; recorder""",
        "small; second-hand; old; used; fine; valuable; new; plain",
        "a broken string; a crack in the wood; a stuck key; a loose screw; a dent",
        "the case; the mouthpiece; the spare strings; the cleaning cloth; the strap",
    ),
}
COINS = """euros|12-900; euros|12-900; pounds|9-700; dollars|8-950; Canadian dollars|15-800; kronor|90-4000;
        zloty|40-2500;
rupees|300-9000; rand|150-6000; yen|1000-60000; pesos|200-9000; lira|100-8000; Swiss francs|15-900;
    shillings|500-9000; forints|2000-70000;
dirhams|40-3000; naira|2000-90000; won|9000-90000; crowns|200-9000; ringgit|30-2000; €|9-900; £|7-800; $|6-900"""
NUMBERS = "two three four five six seven eight nine ten eleven twelve"
MONTHS = "January February March April May June July August September October November December"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
HOURS = "one two three four five six seven eight nine ten eleven twelve"

# Further facts, each by its name in braces. A plus sign: plural.
LISTS = {
    "room": """kitchen; bathroom; bedroom; living room; hall; cellar; attic; laundry room; stairwell; spare room;
        study; nursery;
        dining room; porch; pantry""",
    "event": """birthday party; wedding; farewell party; housewarming; summer party; garden party; anniversary
        dinner; book launch;
        barbecue; concert; quiz night; street party; christening; retirement party; graduation party; charity
    dinner; exhibition
        opening; poetry evening; film night; harvest festival; jazz evening; picnic; reunion; engagement party;
    masked ball;
        flea market; cake sale; school play; puppet show; lantern parade; open day; board-game night; carol
    concert; regatta""",
    "meeting": """budget meeting; team meeting; project review; planning session; sales meeting; staff meeting;
        kick-off meeting;
        weekly call; design review; board meeting; training session; safety briefing; client meeting; product demo;
    workshop;
        hiring round; job interview; feedback talk; press briefing; strategy day; stand-up; supplier call; audit
    meeting""",
    "report": """sales report; annual report; budget plan; market study; travel expenses; list of suppliers; minutes
        of the board;
        customer survey; safety report; project plan; slides for the fair; stock list; price list; staff rota;
    training plan;
        draft contract; press release; quarterly figures; risk assessment; cost estimate; translation of the
    brochure;
        energy report; inventory; progress report; list of speakers; floor plan; site survey; newsletter; grant
    proposal""",
    "job": """nurse; gardener; baker; accountant; bus driver; translator; bookkeeper; receptionist; carpenter; sales
        assistant;
        zookeeper; graphic designer; cook; laboratory assistant; librarian; electrician; web developer; tour guide;
    night porter;
        kindergarten teacher; data analyst; lorry driver; tailor; swimming teacher; illustrator; office manager;
    surveyor""",
    "illness": """a cold; the flu; a fever; a stomach bug; an ear infection; chickenpox; a sore throat; a broken
        wrist; a bad cough; a
        sprained ankle; a migraine; tonsillitis; a twisted knee; a high temperature; a rash; bronchitis""",
    "ache": """a toothache; back pain; a lost filling; a sore knee; headaches; a swollen finger; a chipped tooth; an
        itchy rash; a
    loose
        crown; earache; a stiff neck; dizzy spells; a painful shoulder; blurred vision; a broken brace; hay fever""",
    "checkup": """check-up; eye test; blood test; vaccination; hearing test; cleaning; follow-up visit; X-ray;
        consultation; scan;
        allergy test; filling; fitting; physiotherapy session; screening""",
    "lesson": """maths; history; swimming; biology; music; art; geography; French; chemistry; physics; drama;
        handicraft; Spanish;
        sports; cookery; computing; Latin; ethics; pottery; Italian; economics""",
    "trip": """trip to the zoo; class trip to the lake; museum visit; skiing week; sports day; swimming gala; school
        camp; reading
    night;
        science fair; farm visit; theatre visit; choir weekend; hike; visit to the planetarium; exchange visit""",
    "hurdle": """a strike; a storm; fog; a missing crew; an engine fault; a computer failure; flooding; a power cut;
        a security
    alert;
        heavy snow; a police check; a fuel leak; ice; a missing driver; a broken door; a bomb alarm; a medical
    emergency""",
    "pest": """mice+; ants+; a wasps' nest; moths+; pigeons+; cockroaches+; a rat; silverfish+; woodworm""",
    "trouble": """tap|drips; boiler|makes a loud noise; radiator|stays cold; window|will not close; toilet|is
        blocked; ceiling|is
        leaking; lock|is stuck; light|keeps going out; oven|does not heat; drain|smells; extractor fan|rattles;
    wall|is damp;
        lift|is out of order; intercom|is silent; front door|does not shut; shower|has no hot water; skylight|lets
    in rain;
        fuse|blows every evening; cooker|smells of gas; handrail|is loose; floorboard|creaks and has split;
    gutter|overflows""",
    "gadget": """laptop|does not start; printer|jams; password|no longer works; monitor|flickers; phone|loses the
        network;
    mouse|freezes;
        mailbox|is full; scanner|makes grey stripes; headset|crackles; calendar|shows the wrong time; backup|fails;
    projector|stays
        dark; door card|is refused; video link|cuts out; keyboard|misses letters; shared folder|is locked;
    webcam|shows nothing;
        tablet|switches itself off; payroll program|crashes; docking station|gets hot""",
    "nuisance": """street lamp|is broken; bus shelter|has smashed glass; pavement|is full of holes; playground
        swing|is broken;
    bin|has not
        been emptied; traffic light|stays red for minutes; drain|is blocked; park bench|has collapsed; fountain|is
    full of rubbish;
        road sign|has fallen over; hedge|covers the crossing; cycle path|is flooded; footbridge|is slippery; public
    toilet|is
        always locked; tree|leans over the road; clock|has stopped; crossing|has lost its paint; railing|is loose;
    pond|smells""",
    "carfault": """brakes+|squeal; engine|will not start; left window|is stuck; clutch|slips; heating|does not work;
        back
    wheel|wobbles;
        exhaust|rattles; gears+|grind; horn|is silent; headlights+|flicker; steering|pulls to the left; boot|will
    not lock; wipers+|smear; battery|goes flat; radiator|loses water; handbrake|does not hold; seat belt|is jammed""",
    "craft": """tiling+; painting+; new fence; roof repair; wiring+; plastering+; new boiler; kitchen fitting+;
        stone wall;
    staircase;
        chimney repair; new gutter; conservatory; paving+; window frames+; wooden floor; insulation+; bathroom
    fitting+; carport""",
    "dish": """lentil soup; chicken curry; mushroom risotto; fish pie; vegetable lasagne; lamb stew; potato salad;
        pumpkin soup;
    prawn
        noodles; beef goulash; spinach quiche; paella; apple cake; cheese platter; dumplings; rice pudding; grilled
    trout; falafel;
        onion tart; tomato salad; stuffed peppers; bean chili; plum cake; roast duck; pancakes; couscous; carrot
    cake; sushi""",
    "diet": """vegetarian; vegan; allergic to nuts; allergic to eggs; coeliac; allergic to shellfish;
        lactose-intolerant; diabetic;
        allergic to sesame""",
    "noise": """drums+; trumpet; barking dog; washing machine; electric saw; loud parties+; piano; television;
        rooster; motorbike;
        heat pump; karaoke evenings+; wind chimes+; leaf blower; drilling; children's trampoline; choir practice;
    alarm""",
    "pet": """cat; dog; rabbit; parrot; tortoise; hamster; goldfish; guinea pig; budgie; pony; kitten; puppy;
        canary; hen; ferret""",
    "petname": """Biscuit; Pepper; Momo; Tiger; Luna; Olive; Pickle; Bruno; Nala; Coco; Fudge; Mango; Socks; Pixel;
        Ziggy; Waffle;
    Hugo;
        Tofu; Ginger; Domino; Kiwi; Nutmeg; Bean; Sultan; Pumpkin""",
    "place": """town hall; sports hall; parish hall; community centre; school library; old brewery; boathouse;
        tennis club; scout
    hut;
        main square; museum cafe; market hall; botanical garden; assembly hall; back room of the pub; church hall;
    youth club; lido;
        village green; theatre foyer; bowling alley; ice rink; observatory; canteen; roof terrace; bandstand;
    community kitchen""",
    "group": """choir; football team; chess club; walking group; drama group; sewing circle; rowing club; brass
        band; book club;
    cycling
        club; gardening club; photography club; hockey team; dance group; debating society; orchestra; fencing
    club; sailing club;
        language circle; swimming team; astronomy club; knitting circle; running group; bridge club; volleyball team""",
    "practice_": """rehearsal; training; meeting; match; practice; annual general meeting; workshop; committee
        meeting; outing; trial
        lesson; summer concert; tournament""",
    "volunteer": """soup kitchen; food bank; animal shelter; beach clean-up; tree planting; blood drive; charity
        shop; river clean-up;
        night shelter; repair cafe; hospital radio; toad patrol; meals round; homework club; clothes collection;
    first-aid post;
        community garden; visiting service; book stall; fun run; telephone helpline; toy collection""",
    "duty": """serve tea; collect tickets; drive the van; hand out leaflets; sort clothes; put up tables; sell
        cakes; pick up
    litter; guard
        the cloakroom; wash up; welcome visitors; translate; bake bread; carry boxes; look after the till; paint
    the fence; peel
        potatoes; read to children; walk the dogs; count the donations; water the saplings; stack the chairs; make
    soup""",
    "damage": """water damage; a burst pipe; a burglary; a kitchen fire; storm damage; a stolen bicycle; a broken
        windscreen; hail
    damage;
        a fallen tree; a flooded cellar; a car accident; a lightning strike; a stolen camera; a scraped car door; a
    broken tooth""",
    "service": """broadband; phone line; electricity; mobile contract; gas supply; television package; water supply;
        landline;
    internet;
        heating contract; data plan; green tariff""",
    "motor": """car; van; camper van; minibus; estate car; lorry; delivery van; taxi; jeep; sports car; old car;
        pick-up; city car""",
    "vehicle": """car; van; bicycle; motorbike; scooter; camper van; delivery bike; minibus; moped; tractor; cargo
        bike; estate car""",
    "transport": """train; flight; ferry; coach; night train; bus; airport shuttle; connecting flight; express;
        night bus""",
    "roomkind": """double room; single room; family room; twin room; suite; attic room; quiet room; room with a
        balcony; ground-floor
        room; sea-view room; room with a bath; two-bed room""",
    "roomflaw": """the room faced a noisy street; the shower stayed cold; the sheets were stained; the heating did
        not work; the room
        smelled of smoke; the window would not shut; a disco next door went on until three; the bed was broken;
    there was mould
        in the bathroom; the lift was out of order; the wifi never worked; there was no hot water; the carpet was
    wet; the air
        conditioning leaked""",
    "extra": """a cot; a late check-out; a vegetarian breakfast; a parking space; an extra bed; a room on the ground
        floor; a quiet
    room;
        a taxi from the station; a packed lunch; an early check-in; a fridge; a room with a view; a bicycle rack; a
    desk""",
    "errand": """water the plants; feed the cat; take in the post; put out the bins; walk the dog; air the rooms;
        collect a parcel;
    let in
        the plumber; water the tomatoes; mow the lawn; feed the fish; keep an eye on the flat; fetch the newspaper;
    lock the gate""",
    "occasion": """birthday; wedding; move; exam; operation; baby shower; anniversary; graduation; first week;
        housewarming; stay""",
    "kindness": """looking after the children; the warm welcome; helping with the move; driving me to hospital|the
        drive to hospital;
    feeding the cat; repairing
        the fence; lending me the car|the loan of the car; the wonderful dinner; the good advice; translating the
    form; teaching me to swim|the swimming lessons; fixing the
        computer; the lovely weekend; baking the cake; carrying the piano; finding my keys|finding the keys;
    proofreading my thesis|proofreading the thesis; the flowers;
        sitting with my mother|sitting with the mother; digging out my car|digging out the car; the concert
    tickets; shortening the curtains; painting the shed""",
    "snag": """the babysitter has cancelled; the car will not start; there is a train strike; an aunt is visiting; I
        have to work
    late|of late work;
        I have a sore throat|of a sore throat; the plumber is coming; I twisted my ankle|of a twisted ankle; my
    exam was moved|an exam was moved; the dog is at the vet; I am snowed
        in|of snow; my flight was moved|a flight was moved; a colleague is ill; the children are ill; my shift was
    changed|a shift was changed; the hall is double-booked""",
    "cafe": """cinema; swimming pool; climbing hall; market; sauna; museum; harbour; ice-cream parlour; theatre;
        skate park;
    tennis court;
        beach; new noodle bar; library; bus stop; campsite; planetarium; stadium; bookshop; gym; karaoke bar;
    aquarium""",
    "supply": """bread; candles; a corkscrew; ice; paper plates; a salad; a football; crisps; lemons; a torch; a
        blanket; olives; a
    cake;
        charcoal; napkins; batteries; a guitar; a tablecloth; mineral water; a speaker; chairs; cheese; sun cream;
    a map""",
    "weather": """It has rained [here|in {town9}] for {num9} days now.; The [apple|cherry|almond] trees are in
        flower[ already|].; We
    had snow
        [in {month9}|again], and the [roads|pavements] are icy.; It is [very|terribly] hot here at the moment.;
    What a [wet|cold|windy] {month9} this
        is!; The storm on {day9} took down [our fence|a tree in our street|the old pear tree].; After all that fog,
    we have sun at last.;
        The nights are getting cold[ now|].; The river is high this [spring|autumn].; [Spring|Autumn] has come
    early to {town9}.""",
    "book": """The {w} {thing}; {thing} and {thing2}; A {thing} in {t}; The {thing} of {t}; {w} Nights; The Last
        {thing}; Letters
    from {t}; The
        {month} {thing}; A Short History of {t}; Gardens of {t}; Cooking in {t}; The {f} Case; Birds of {t};
    Learning {thing}""",
    "word": """Lantern Orchard Harbour Clockmaker Island Winter Mirror Garden Fox Ship Bridge Mountain Whale Piano
        Bakery Railway
    Violin
        Sparrow Desert Comet Lighthouse Tailor Snow Forest Painter Key Map River Bell Cellar Kite Thief""",
}

# ---------------------------------------------------------------- what goes round the story

# The registers: p polite, n neutral, a angry, c chatty, f formal. A line serves the registers named before its colon.
GREETINGS = """
pnf: Dear {to}[,|,|,|:]
pnaf: Dear {to},
nc: [Hello|Hi|Good morning|Good afternoon|Good evening|Hello there|Good day] {to}[,|,|!|.]
p: [My dear|Dearest] {to},
a: {to}[,|:|!]
f: To {to}[:|,|.]
f: [For the attention of|Attention:|For] {to}[:|,|.]
f: [Messages|Letter|Note] to {to}[:|.]
c: [Hey|Hiya|Hi there|Hello again|Morning|Evening] {to}[,|!|]
n: {to}[,|:| -]
"""
NAMELESS = {  # greetings by the kind of addressee, where no name is used
    "firm": """Dear Sir or Madam,; To whom it may concern,; Hello,; Good morning,; Good day,; Dear team,; Hello
        there,; Dear all at
        the office,; Ladies and gentlemen,; Dear customer service,; Hi,; Good afternoon,; Dear manager,; Hello
    everybody,""",
    "person": """Hello,; Hi,; Good morning,; Hi there,; Good evening,; Hello again,; Hey,; Good afternoon,; Hey
        there,; Morning!""",
    "group": """Dear all,; Hello everyone,; Dear friends,; Hi all,; Good morning everybody,; Hello everybody,; Dear
        members,; To
    all,; Hi
        folks,; Hello all,; A note to everyone:; Dear neighbours,; Good evening, all,; Dear colleagues,; Attention
    please:""",
}
OPENINGS = """
pn: [I hope|I trust] [you are well|this finds you well|you had a good [weekend|holiday|week]|all is well with
    you|you can help me].
pnf: [I am writing to you|I write to you|I am getting in touch] [about a matter that needs your attention|because I
    need your help|with a question|once more].
pn: [Forgive me for|Please excuse me for|I am sorry for] [writing again|taking up your time|troubling you|this long
    letter|the late message].
nc: [It is me again|Just a quick note|Only a few lines|A quick word|A short message|Me again][ from the road| from
    my desk| before work|] - sorry about the [haste|typing|hurry].
c: [How are things|How are you|How is life|How was your weekend|Did you sleep well]? [All fine here|We are all
    well|Busy as ever here|Not much new here].
c: [Guess who|Long time no see|Sorry for the long silence|Here I am at last|I tried to ring you]. [I have been
    busy|It has been a mad week|My phone was flat|You know how it is].
pc: [I was thinking of you [on {day9}|in {town9}]|I hope you are not too tired after {town9}|Greetings from
    {town9}|I hope that {n9} is well again].
n: [I will be brief|I have a question|I would like to raise something|This is about a small matter|Let me explain|I
    have something on my mind].
a: [I have never been so [annoyed|angry|disappointed].|This is the last time I write politely.|I am [fed
    up|furious|beyond words].|Enough is enough.]
a: [I can hardly believe what has happened.|Is anybody reading these letters?|What on earth is going on with you?|I
    have lost my patience.]
f: [With reference to our earlier correspondence, I write to you again.|Further to my call, here are the facts.|I
    refer to the matter below.]
f: [Please find the details below.|The following is for your attention.|I wish to bring a matter to your notice.|I
    should like to inform you of the following.]
pncf: [There is something to report|A few words on what is coming up|There is news|Here is what you should know|One
    matter has come up|Something has come up].
p: [Thank you for your [kind|friendly|quick] [letter|reply|message|words].|Many thanks for your [time|patience] so
    far.|It was good to speak to you on the phone.]
n: [We spoke briefly on the phone[ on {day9}|].|You may remember me.|We have not met yet.|Someone on the phone told
    me to write.|I did not know whom else to ask.]
nf: [Your [number|address] was given to me by {p9}.|{p9} said that I should write to you.|I called [twice|{num9}
    times] but could not get through.]
"""
INTRODUCTIONS = """
[My name is|I am] {me}[, and I write from {town8}|, and I live in {street8}| from {town8}|]. | This is {me}[ from
    {street8}| from {town8}| speaking|]. |
{me} here. | {me} here, [from {town8}|with a few lines]. | It is {me}[, from {street8}|]. | You are reading a
    message from {me}. | This message is from {me}. |
[Let me introduce myself:|May I introduce myself?] I am {me}[, of {town8}|]. | I, {me}, [live in {town8}|write this
    from {street8}]. | {me} writing. |
"""
BRIDGES = """
pnf: [This is why|That is why|For this reason] I [write|am writing|turn] to you[ today|].
pnc: [Now|So|And so|Well then,] [to|here is|here comes] my [question|request|wish].
n: [Let me|I will|I shall] [come|get] to the point.
nc: [So here is the thing|Here is the plan|In short|Long story short][:| -] I need [an answer|your help].
a: [This cannot go on.|I will not put up with it any longer.|You have had your chance.|I expect better.|No more
    excuses.]
a: [Words are cheap.|So much for your promises.|That is quite enough.|I want this sorted out.|I have waited long
    enough.]
pf: [I am sure that we can settle this.|I trust that you understand.|Perhaps there has been a misunderstanding.|I
    know that you are busy.]
pn: [I have thought about it [for a while|a lot].|You will see what I mean.|There must be a simple answer.|I would
    rather ask than guess.]
f: [In view of the above, I make the following request.|I therefore ask for your decision.|May I draw your
    attention to my request?]
"""
REMARKS = """
a: [This|Such service|The whole business] is [a disgrace|a joke|not good enough|unacceptable|simply ridiculous|a
    scandal|beyond belief].
a: [Nobody|No one|Not one person] [answered|called back|said sorry|lifted a finger|seemed to care].
a: [How [hard|difficult] can it be?|What am I paying you for?|Do you treat everyone like this?|Who is in charge
    there?|Is this a joke?]
a: I [wasted|lost] [a whole [morning|afternoon|day]|{num9} hours|my lunch break] [over|on] this.
pn: [I know that these things happen.|Nobody is to blame, I am sure.|It may be my own mistake.|Mistakes happen to
    us all.|I do not want to make a fuss.]
pn: [I was rather [surprised|puzzled|sad|disappointed].|It came at a bad moment.|I would have liked to tell you in
    person.|It is a pity.]
n: [That is how it stands.|So much for the facts.|I have told you everything I know.|You can check this in your
    files.|I have photos, if you want them.]
c: [Typical me!|What a mess.|You can laugh now.|Just my luck.|Never a dull moment.|Can you believe it?|I am still
    laughing about it.|Oh dear.]
f: [The above can be confirmed by {p9}.|I have kept a record of all this.|Copies are enclosed.|I have informed {p9}
    as well.|The details are in the file {order9}.]
"""
WISHES = """
p: [Could|Would] you [please|kindly|perhaps] {v}?
p: I would be [very|most|so|really|] grateful if you could {v}.
p: [Would you be [so kind as|good enough|willing]|Might I ask you|May I ask you] to {v}?
p: It would be [lovely|wonderful|very kind|a great help|a great relief] if you could {v}.
p: [I wonder|I was wondering] [if|whether] you could [possibly|] {v}.
p: [My [humble|one|only] request is|What I hope is|My hope is] that you could {v}.
p: Would it be possible for you to {v}?
n: [Please|Please|So please|If you can, please|When you have a moment, please|Therefore, please] {v}.
n: [Can|Could] you {v}?
n: I [would like|want|need|ask] you to {v}.
n: [What I ask is this|My request|My wish|My question is simple|What would help]: please {v}.
n: It would help [me|a lot] if you could {v}.
n: [The best thing would be|The easiest way is|It is best] for you to {v}.
a: [I expect|I insist|I demand|I must insist] that you {v}[, and at once|, and soon|].
a: [Now|At last|For once|Immediately|This time], {v}!
a: You [must|will have to|had better] {v}[, and quickly|].
a: Either you {v}[, or I [will go to a lawyer|will tell everyone I know|take this further]|, or you will not see me
    again].
a: [All I want now is|The least I expect is] for you to {v}.
c: [Any chance|Is there any chance] you could {v}?
c: [Can|Could] you [maybe|] {v}?
c: [Do you think|Do you reckon] you could {v}?
c: [Be a dear|Be an angel|Do me a favour|Be a star] and {v}[, will you?|.]
c: [If you do not mind, |]could you {v}? [That would be [great|brilliant|super].|You would save my day.|Thanks a
    million!]
f: I [hereby|therefore|] [ask|request] that you {v}.
f: [I must|I have to|I should like to|We must] ask you to {v}.
f: [You are kindly asked to|You are requested to|Kindly|We kindly ask you to] {v}.
f: [I should be|I would be] [obliged|glad|much obliged] if you would {v}.
"""
CLOSINGS = """
p: [Thank you so much|Thank you in advance|Thank you once more|Many thanks|Thanks again|My thanks] [for your
    [help|kindness|patience|trouble]|for reading this|for everything].
p: [I look forward to|I am looking forward to] [hearing from you|your [answer|reply|news]|seeing you soon].
p: [Please do not go to any trouble.|I know that I can count on you.|It means a lot to me.|With my best wishes to
    {p9}.]
n: [Thank you|Thanks][ for your help| in advance| and see you soon| for your time|].
n: [Please let me know.|Just write back or call.|You can reach me in the [morning|evening|afternoon].|I am at home
    after {hour9}.|Any questions? Just ask.]
n: [My number is in your files.|I await your answer.|A short reply is enough.|I will call on {day9}.|I hope to hear
    from you.]
a: [I expect an answer [by {day9}|within {num9} days|today].|Do not make me write again.|I am waiting.|My patience
    is at an end.]
a: [You will hear from my lawyer otherwise.|I will not wait much longer.|Consider this my last warning.|I hope that
    this is clear.]
c: [Big hug|Hugs|Love to all|See you soon|Take care|Talk soon|Give my love to {p9}|Have a lovely weekend][!|.]
c: [Thanks a lot!|Thank you, you are the best.|Cheers for now.|I owe you one.|Cake is on me.|Must dash.|Speak soon.]
f: [I thank you for your attention.|I remain at your disposal.|Please confirm receipt of this letter.|A reply in
    writing is requested.]
f: [We thank you for your understanding.|Please acknowledge this message.|I trust that this will be dealt with.|My
    address is {street9}, {town9}.]
"""
SIGNS = """
p: [With kind regards|With many thanks|Warm regards|With best wishes|Kindest regards|Gratefully|With warm
    wishes|Yours truly]
pf: [Yours sincerely|Yours faithfully|Sincerely|Respectfully|Yours truly|Yours respectfully]
n: [Best regards|Regards|Best wishes|Kind regards|Best|Greetings|All the best|Many thanks|Thank you|With regards]
a: [Regards|Yours|Disappointed|Still waiting|With little hope|Yours in anger|Signed]
c: [Love|Cheers|Hugs|See you|Yours|Bye for now|Lots of love|Take care|So long|Ciao|xx|Bye]
"""
# What does not matter for the summary, by the addressee's kind (all: for each).
DETAILS = {
    "all": """{weather}
[My [neighbour|colleague|friend|cousin]|Our friend|My old teacher] {n9} [is moving to {town9}|has just come back
    from {town9}|has bought {z9:a}|has a new job in {town9}|sends greetings].
[By the way, |Incidentally, |]{p9} [is fine again|asked after you|has {num9} grandchildren now|still plays the
    {instrument9}|has taken up {hobby9}].
[I|We] [spent|stayed|had] {num9} days [in|near] {town9} [in {month9}|last {month9}|this {month9}].
[Last {day9}|On {day9}|Yesterday|In {month9}] [I|we] [bought|sold|saw] {z9:a} [at the flea market|in {town9}|for
    {sum9}].
I have lived [here|in this house|in this street] for {num9} years[ and have never written such a letter| now|].
[I|We] have {num9} children[, {num8} bicycles|] and {pet9:a}[ called {petname9}|].
[My {kin9} {n9}|{p9}] [works|teaches|lives] in {town9}[ and comes home only in {month9}|, as you may know|].
[Since {month9}|These days] I [spend my evenings on|am busy with|think of nothing but] {hobby9}.
[I have seen {book9} at the bookshop in {town9}|{n9} gave me {book9}|The {cafe9} in {town9} has closed|There was
    {event9:a} in {town9} on {date9}|We still talk about the {event9} in {month9}].
[{n9} has found work as {job9:a}|My {kin9} {n9} is now {job9:a} in {town9}|Our {pet9} {petname9} had to go to the
    vet on {day9}|{petname9}, our {pet9}, sleeps on my desk].
[My {kin9} {n9} has {illness9}|{n9} had {illness9} in {month9}|{n9} was on the radio on {day9}|I lost {sum9} at
    cards|I won {sum9} in the lottery|The rent in {town9} is {sum9}].
[We had {dish9} at {n9}'s|I burnt the {dish9}|I am learning to make {dish9}|{n9} brought {dish9}], [which made my
    day|and the whole house smells of it|so I am in a good mood|which nobody finished].
[I am {age9} years old[ and do not see well|]|My mother turned {age9} on {date9}]. | I [write this on the train to
    {town9}|am on the bus as I write|write from a cafe].
[There was a report about {town9} on the radio.|The news from {town9} worries me.|I read {book9} on the way.|I have
    just finished {book9}.]""",
    "firm": """[My {kin9} {n9}|My neighbour {n9}|A colleague of mine, {n9},] [told me about you|said that you would
        help|had
    nothing but praise for you|gave me your address].
[Your colleague|A certain|Your] {p9} [was [friendly|helpful|patient with me] on the phone|took my call on
    {day9}|promised to call back|gave me this address].
[I sent a first message on {date9}|I called on {day9} at {hour9}|My [customer|file|reference] number is {order9}|I
    waited on the line for {age9} minutes|I was at your desk on {day9}].
[The music in your telephone line is awful|Your website kept crashing|Your new building looks splendid|I could not
    find your form online|Your sign is hard to see from the road].
[I am not good with computers|My English is not the best|I hope you can read my writing|I send a copy to {p9}|My
    {kin9} {n9} helped me with this letter|I shall be in {town9} from {date9}].
[You can also ask {p9}|{p9} will be at my number meanwhile|My new number ends in {age9}|I am easiest to reach on
    {day9}|After {hour9} my phone is off].""",
    "trade": """[I have been a customer|We have come to you] [for {num9} years|since {month9}|since you opened][,
        always gladly|].
[My {kin9} {n9}|My neighbour {n9}|A friend, {n9},] [also comes to you|recommended you|is a customer too|went to
    {firm9} instead].
[In {month9} I paid you {sum9} for something else, and all was well|I still have a voucher from you for {sum9}|I
    saw your advert in {town9}|You were cheaper than {firm9}, by {sum9}].""",
    "shop": """[I once bought|In {month9} I bought|Last year I got|My {kin9} {n9} bought] {z9:a} from you for
        {sum9}[, and all
    went well|, and it was a good buy|].
[Do you still sell {z9:a}?|I also like {z9:the} in your window.|{n9} wants {z9:a} like the one you show.|The price
    of {z8:the} has gone up to {sum9}, I see.]
[{z8:the} from my last order {z8:is} still in use|I have not forgotten {z8:the} you kept for me in {month9}|I also
    ordered {z8:a} from {firm9}].""",
    "angry": """[I wrote to you {num9} times|I wrote on {date9}|I called on {day9}|My {kin9} {n9} called for me],
        and [{p9}
    promised to act within {num8} days|nobody replied|{p9} promised an answer by {day9}|{p9} said it would be
    settled soon].
[{num9} weeks have passed since|It is now {date9}|{day9} has come and gone], and [nothing has happened|I am no
    further|I have heard nothing|all is as it was].
[{p9} in your office|Somebody called {p9}|Your manager, {p9},] [told me to be patient|said it was my own
    fault|laughed when I called|passed me on to {p8}, who was out].
[In {town9}|At {firm9}] [that would never happen|they settle such things in {num9} days|one is treated better].
[I have better things to do than to write letters|I took an afternoon off for this|I have told {p9} the whole
    story], [and I am tired of it|and still no one helps|which cost me {sum9}].
[On {date9} I filled in your form|I filled in your form twice|Your form is useless]. [The answer was a leaflet
    about {z9:a}|Then I got a survey, of all things|You sent me an advert for {z9:a}].
[My {kin9} {n9} had a similar case|{n9}, my {kin9}, went through the same] [in {town9}|with {z9:a}|in {month9}] and
    [got help at once|waited {num9} months|gave up].""",
    "person": """[I saw {p9} at the market[ on {day9}|], who sends greetings.|Have you heard about {p9}?|{p9} told
        me that you were
    in {town9}.]
[Did {z9:the} you bought last {month9} turn out well?|I still think of our trip to {town9}.|I still think of the
    {dish9} you brought.]
[We must have coffee soon.|It was nice to see you on {day9}.|How is {p9}?|I found an old photo of us in
    {town9}.|{p9} has asked for your number.]
[Do you remember {n9} from {town9}?|{n9} now plays the {instrument9}.|In {month9} I shall be {age9}.|I have given
    up {hobby9}.|On {date9} I go to {town9}.]
[The [cat|dog|baby] is asleep at last.|My {kin9} {n9} has bought {z9:a} for {sum9}.|I am reading {book9}.|We have
    painted the {room9} {colour9}.|I found {z9:a} in the {room9}.]
[I made {dish9} yesterday[, and it was awful|, far too much of it].|I have been busy with {hobby9} all week.|I
    still have {z9:a} of yours, I think.]""",
    "group": """[Thank you all for a good {month9}.|{p9} has joined us from {town9}.|{p9} is now a
        [mother|father].|The photos from
    {town9} are on the wall.]
[The key is with {p9}.|Somebody left {z9:a} behind last week.|The coffee machine works again.|We still have {num9}
    boxes of biscuits.]
[{p9} turns {age9} on {date9}.|The window in the back room is still broken.|{p9} needs {z9:a}; who has one?|We have
    spent {sum9} on paint.|{p9} lost {z9:a} in the bus.]
[Thank you, {p9}, for the {dish9}.|We got a card from {p9} in {town9}.|In {month9} the days are short.|{p9} and
    {p8} have got married.|Somebody found {z9:a}, ask {p9}.]
[Remember how we froze in {town9}?|I hear that {p9} plays the {instrument9}.|{p9} is learning {hobby9}.|The heating
    is on again.|Last week we were {age9}.]
[Last year we took in {sum9}.|{p9} has found the old flag.|The lamp in the hall has been mended.|Parking is free
    after {hour9}.]""",
}
TRADES = ("shop", "hotel", "carrier", "provider", "bank", "restaurant", "garage", "insurer")
LISTS |= {
    "shared": """stairwell; hall; cellar; laundry room; bicycle room; courtyard; attic; corridor; drying room;
        lobby; back yard""",
    "instrument": "accordion; cello; flute; trumpet; violin; banjo; piano; drums; harp; organ; mandolin; bagpipes",
    "hobby": """pottery; chess; bookbinding; swimming; beekeeping; salsa; origami; Italian; stamp collecting;
        woodwork; yoga;
    birdwatching;
        watercolours; jam making; cycling; crosswords; sailing; knitting; photography; juggling; baking bread;
    calligraphy; rowing""",
    "kin": """cousin; neighbour; friend; colleague; former boss; flatmate; old schoolmate; doctor; hairdresser;
        tennis partner""",
}

# ---------------------------------------------------------------- the situations

# @ name | kind of addressee | kinds of x (if not all)
# # subject    + a detail    ? wish to the addressee    > the story in the first person, with which a case begins
# A case without wishes takes the situation's; ! instead of wishes: only tells.
SITUATIONS = """
@ shop: wrong thing | shop
# wrong delivery
# order {order}
+ {z:the} in the same parcel {z:was} [fine|exactly right], by the way.
+ [The same thing happened to {p9}, who had ordered {z:a}|{p9}, who had ordered {z:a}, had the same trouble].
? send me {x:the} [I ordered|that I paid for|]
? [refund|return|pay back|give me back] [my|the] {sum}
? [send me {x:the}|let me have {x:the}] or [return|refund|pay back] the {sum} [I paid|that I paid|]
? [exchange|swap] {y:the} for {x:the}
? [collect|fetch|pick up] {y:the} and [bring|send] {x:the} [to {street}|to my address at {street}]
? send {x:the} to my [new|other] address in {town}

^
> [On {date}|In {month}|Last {day}|{num} weeks ago] I [ordered|bought] {x:a} [from your website|from your
    catalogue|from you|in your shop|][ for {sum}|]. [Yesterday|Today|On {day2}|On {date2}] [a parcel came|the
    parcel arrived|your driver left a box], but [inside there {y:was} {y:a}|it held {y:a}|it contained {y:a}|what
    came out {y:was} {y:a}|I found {y:a} in it].
> [I was looking forward to {x:the} [that I ordered|that I had chosen]|My order was for {x:a}|What I ordered
    {x:was} {x:a}][, for {sum}|]. [What came|What I got|What you sent|What lay in the box] [this morning|on
    {day}|on {date}|today] {y:was} {y:a}.
> [Instead of {x:the} that I had ordered [on {date}|in {month}]|In place of {x:the} I ordered], [there {y:was}
    {y:a} in the box|you sent {y:a}|{y:a} arrived|I was handed {y:a}]. [I asked|I wrote to] {p}, who [promised to
    help|knew nothing|said it was being looked into].
> {y:a} {y:was} delivered to [me|us|my door] [on {day}|on {date2}|this week]. [But|Yet] [I never ordered {y:them}|I
    have no use for {y:them}|that is not what I asked for]: my order [of {date}|{order}|] [was for|says] {x:a}[, at
    {sum}|].
> [The box|The parcel|The package] [from you|I opened on {day}|that came on {date2}] had {y:a} in it, [not|and not]
    {x:the} I [ordered|paid for|had chosen][ on {date}|]. {p} in your [office|shop|storeroom] [promised to send the
    right thing|said the labels were mixed up|did not believe me].
> [There must have been a mix-up|Something has gone wrong|A mistake has been made] [with my order|in your
    storeroom]. [It was {y:a} that came|You sent me {y:a}|I have received {y:a}], [while|whereas|although] I [had
    asked for|had ordered|paid for] {x:a}.
% wrong product; a wrong delivery

@ shop: damaged | shop
# damaged {x}
# complaint
+ {z:the} I bought [earlier|before] {z:has} [no such fault|never let me down].
? [replace {x:the}|send me {x:a} without faults]
? [refund|return|pay back] [my|the] {sum}
? [repair {x:the}|have {x:the} repaired] [free of charge|at your cost]
? [exchange|swap] {x:the} for {y:a}
? [take off|knock off|deduct] {sum} from the [price|bill]

^
> {x:the} [I bought from you|you sent me|that came] [on {day}|on {date}|in {month}|last week] [arrived|reached
    me|came] with {defect}. [The box looked fine from outside|The box was torn|The driver was already gone|I had
    paid {sum2}|{p} packed it, says the slip].
> [I opened the parcel on {day}|Today your parcel came|We unpacked it at once]: {x:the} {x:has} {defect}. [It was
    to be a present for {p}|I need {x:them} for {event:a}|{p} had looked forward to it].
> [After only {num} days|The first time I used {x:them}|When I took {x:them} out], I [noticed|saw|found] {defect}
    on {x:the} [from your shop|I had ordered|that I got from you].
> I [have to|must|would like to] [report|complain about] {defect} on {x:the} that [I bought|you delivered] [on
    {date}|on {day}|in {month}].
% damaged goods; a faulty product

^
> {x:the} I bought [on {date}|in {month}|last {day}] [stopped working|broke|fell apart] after [only|just] {num}
    <1:days|weeks>. [I followed the manual|I had only used {x:them} twice|I treated {x:them} well|{p} tried to mend
    {x:them}, in vain].
> [It took only {num} <1:days|weeks> for {x:the} to [break|fall apart]|After {num} <1:days|weeks> {x:the} broke]. I
    [had|have] paid [a good price|good money] [for {x:them}|in your shop].
% a product that broke; a broken product

@ shop: late | shop
# where is my order?
# order {order}
+ {z:the} ordered [by {p}|on {date2}] came [within {num} days|the next day].
? [send|deliver] {x:the} [to me|] by {date2}
? [send me|deliver] {x:the} [now|at once|this week|without further delay]
? [cancel the order and|] [refund|return|pay back] [my|the] {sum}
? tell me [when {x:the} will [arrive|come]|when I can expect {x:the}]
? cancel [my order|the order for {x:the}]

^
> [On {date}|In {month}|Last {day}|{num} weeks ago] I ordered {x:a} [from you|online|in your shop][, and paid
    {sum}|]. [Nothing has come|I have received nothing|{x:the} {x:has} not arrived|I am still waiting] [so
    far|until today|to this day|]. [{p} told me to be patient|{p} said {x:they} would come on {day2}|Your website
    says "on the way"].
> {x:the} I [ordered|bought] [on {date}|in {month}|{num} weeks ago] {x:has} [still not arrived|not come yet|never
    arrived|not reached me]. [You promised delivery by {day2}|It was said to take {num2} days|{p} gave me a new
    date each time].
> [Every day I wait for the postman|I have been waiting for {num} weeks], but {x:the} I [ordered|paid for] {x:is}
    nowhere to be seen. [I had promised {x:them} to {p}|I wanted to give {x:them} to {p}|{event:the} is on {day2}].
> [I am still without {x:the}|There is no sign of {x:the}] which [should have come|you promised] [on {day}|{num}
    weeks ago|by {date}].
% late delivery; a parcel that has not come

@ shop: missing part | shop
# something is missing
? send [me|us|] {part}
? send {part} [to {street}|to me at {street}]
? [refund|return|pay back] [me|] {sum}
? tell me where [I can|to] buy {part}

^
> {x:the} [came|arrived] [on {day}|on {date}|yesterday], [thank you|in good time|well packed], but {part}
    {part:was} [missing|not in the box|nowhere to be found]. [I emptied the box twice|{p} searched the packing
    paper|Without that I cannot use {x:them}].
> [When I unpacked|On unpacking] {x:the} [from your shop|that I ordered on {date}|], I [noticed|saw|found] that
    {part} {part:was} missing. [The list in the box says it should all be there|{p} at your shop said to write].
> {part} for {x:the} [I bought [on {date}|from you]|you sent me] {part:was} not in the parcel. [I have looked
    everywhere|So {x:the} just {x:stands} in the {room}].
> I [bought|got|have] {x:a} from you[ for {sum2}|], and it is all there except for {part}.
% missing part; an incomplete delivery

@ shop: change or praise | shop
# my order {order}
? [send {x:them}|deliver {x:them}|have {x:them} sent] to {street}[ instead|]
? send {x:them} to [my sister|my office|my neighbour {n}] in {town}

> I ordered {x:a} [on {date}|yesterday|this morning], but [I am moving on {date2}|I will be away from
    {date2}|nobody is at home on weekdays].
> [About|Concerning] {x:the} that I [ordered|bought] [last week|on {day}|on {date}]: [my address has changed|we
    have moved|the address I gave was wrong].
% change of address; another address for a delivery

> I ordered {x:a} [on {date}|yesterday|this morning][ for {sum}|], but [I have now been given {x:one}|I found
    {x:one} in the attic|I have changed my mind|I no longer need {x:them}].
> [Yesterday|On {day}|On {date}] I [put in|sent you|placed] an order for {x:a}. [My husband|My wife|{p}] [had
    ordered the same|has meanwhile bought {x:one}], [so I do not need {x:them}|which makes two].
% cancellation; cancelling an order
? cancel [the order|my order|the order for {x:the}]
? change [the order|it] to {y:a}
? take {x:the} back and [return|refund] the {sum}

> {x:the} [came|arrived] [on {day}|in only {num} days|a day early], and I [am delighted with {x:them}|could not be
    happier|use {x:them} every day]. [The colour is just right|Even {p}, who finds fault with everything, likes
    {x:them}|The wrapping was lovely].
> I [bought|ordered] {x:a} [from you|in your shop] [in {month}|on {date}], and [{x:they} {x:is} better than I had
    hoped|I must say that I am very happy with {x:them}|I have never had better]. [{p} in your shop gave me good
    advice|The delivery was quick].
% praise; a satisfied customer
!

> I am looking for {x:a}, [if possible|best] [in {colour}|for less than {sum}|as a present for {p}]. [I saw {x:one}
    in your window in {month}|{p} bought {x:one} from you|Your website shows none].
> Do you still sell {x:a}? [I saw {x:one} at your shop in {town2}|{p} has {x:one} and recommends {x:them}|My old
    {x:head} broke on {day}].
% question about a product; looking for a product
? tell me <w:whether you have {x:one}|what {x:they} would cost>
? [put {x:one} aside|keep {x:one} for me] until {day2}
? send me <w:a price list|your catalogue>

@ hotel | hotel | bags clothes shoes electronics
# my booking
# booking {order}
+ [We stayed with you in {month}, in {roomkind2:a}|{p9} from our group has a booking of {p9:his} own].
? [change|move] [it|the booking] to {date2}
? [arrange|reserve|prepare] {extra} [for us|for me|]
? cancel [it|the booking|our booking] [and refund the {sum}|]
? [confirm|write back to confirm] that {extra} is possible

> [I have booked|We have booked|I booked|In {month} I booked] {roomkind:a} [at your hotel|with you|] for {num}
    nights from {date}. [My {kin9} {n} will come along|{p} took the call|The price was {sum2}].
> [We are coming to {town}|I shall arrive at your hotel] on {date} and will stay for {num} nights; [I reserved|we
    reserved|you have noted] {roomkind:a}. [Our train gets in at {hour}|{p} comes by bicycle].
% hotel booking; a booking

> [We planned to come|I was to arrive] on {date} [for {num} nights|], in {roomkind:a}, but {snag}.
> [My booking|The booking] for {roomkind:a} is from {date}. [Unfortunately|Sadly|I am afraid] {snag}[, and {p}
    cannot travel alone|].
% cancellation; cancelling a hotel room
? [change|move] [it|the booking] to {date2}
? cancel [it|the booking|our booking] [without a fee|]
? [refund|return] the [deposit of|] {sum}

^
> [I stayed|We stayed|I spent {num} nights] [with you|at your hotel] [in {month}|from {date}|last week], and
    {roomflaw}. [We paid for {roomkind:a}|The man at the desk shrugged|{p} at reception promised to see to it|The
    breakfast was fine].
> [What a stay|So much for a rest]! [I had|We had] booked {roomkind:a}, but {roomflaw}. [I told {p} at the
    desk|Nobody came|I asked for another room in vain].
% complaint about a hotel room; a bad room
? [refund|return|pay back] {sum}
? [offer us|give us|let me have] another night [free|for free|free of charge]
? [explain|tell me] <w:why nobody helped|what you will do about it>
? [apologise|say sorry]

> [I left|I must have left|I think I left] {x:my} [in {roomkind:a}|in my room|in the breakfast room|at the bar]
    [when I left on {date}|on {day}|on {date}].
> [Since our stay from {date}|Since I left you on {day}] {x:my} {x:has} been missing. [{x:they} may be under the
    bed|I last saw {x:them} at the pool|{p} cleaned the room, I think].
% lost property; something left at a hotel
? [look for {x:them}|search for {x:them}]
? send {x:them} to {street} [in {town}|]
? keep {x:them} until I [come back|pass] in {month}

> [We had|I had] a wonderful stay [with you|] [in {month}|from {date}]. {p} [at reception|in the kitchen] [was so
    kind|went out of {p:his} way|thought of everything], and the [breakfast|view|garden] was [splendid|a dream].
> [Thank you for|I would like to thank you for] [a lovely stay|{num} lovely nights] in {month}. {p} [found my
    {x}|carried our bags|drove us to the station], and [we slept well|the {dish} was excellent].
% praise; a good stay at a hotel
!

@ journey | carrier | bags clothes shoes electronics toys music sport
# ticket {order}
# delay on {date}
+ [I have a photo of the timetable|{p}, who sat beside me, can confirm it|The ticket cost {sum2}].
? [refund|return|pay back] the {sum} [for the ticket|]
? pay {sum} for the [taxi|hotel] [I had to take|]
? [send me|let me have] <w:a written explanation|an apology>

^
> My {transport} [from {town2}|] to {town} [on {date}|on {day}] was [{num} hours late|late by {num} hours] because
    of {hurdle}. [I missed {event:a}|I missed my connection|{p} waited in the cold|We got no water].
> [On {date}|On {day}] I [travelled|went] to {town} [by {transport}|with you]. The {transport} came {num} hours
    late; [the reason was {hurdle}|they spoke of {hurdle}|it was {hurdle}, we were told].
> Because of {hurdle}, [your|the] {transport} to {town} [arrived|came in|was] {num} hours late[ on {date}| on
    {day}|].
% late train, bus or flight; a delay on a journey

^
> [The|Your] {transport} to {town} [on {date}|on {day}] was cancelled [because of {hurdle}|without a word]. [I
    stood there with {num} children|I had to spend the night in {town2}|{p} drove me in the end].
> [I had a seat on|I was booked on] the {transport} to {town} [on {date}|on {day}], which [never left|was
    cancelled][: {hurdle}|].
% cancelled train, bus or flight; a journey that was cancelled

> [I left|I forgot|I must have left] {x:my} [on|in] the {transport} to {town} [on {date}|on {day}|]. [I sat by the
    window|I got off in a hurry|{p} called your office at once].
> {x:my} {x:was} [not on the belt|gone] when I got off [your|the] {transport} in {town} [on {date}|on {day}]. [My
    name is on the label|A form was filled in by {p}].
% lost luggage; lost property
? [look|search] for {x:the}
? send {x:them} [on|] to {street}
? [pay|refund] {sum} for {x:the}

> I [hold|have] a ticket for the {transport} to {town} on {date}, but {snag}. [It cost {sum2}|{p} will travel as
    planned].
> [I cannot travel|I am unable to travel] to {town} on {date} [as planned|after all], because {snag}. I [have
    already paid for|had booked] the {transport}.
% change of a booking; a ticket that cannot be used
? [change|move] [my|the] ticket to {date2}
? [refund|return|pay back] the {sum}
? put the ticket in the name of {p2}

> I [would like|want|plan] to take [my|our] {pet} {petname} on the {transport} to {town} on {date}.
> On {date} we [travel|are travelling] to {town} by {transport}, and [our|my] {pet} {petname} comes along. [Last
    time {p} at the desk said yes|{petname} is small and quiet].
% travelling with an animal; question about an animal on a journey
? tell me [whether that is allowed|what it costs]
? reserve [a seat by the door|a place in the last carriage|a quiet seat]

@ tenant to landlord | person | furniture tools electronics
# repair needed
# flat {num9}
+ The {trouble9} in the {room9} works again, thank you.
? [send|get] [someone|a plumber|a craftsman] [on {day2}|before {day2}]
? have {trouble:the} [repaired|mended] [by {date2}|before {day2}]
? [repair|fix|mend] {trouble:the}
? take {sum} off the rent

^
> {trouble:the} in [my|our] {room} {trouble:fails}[, and it has been like this since {day}|]. [{p} from flat {num}
    looked at it|I put a bucket under it|We cannot sleep|I told {p} already].
> [Since {date}|Since {day}|For {num} weeks now] I have had trouble with {trouble:the} in the {room}: it
    {trouble:fails}. [The caretaker, {p}, shrugged|I have called {num2} times|{p} could not mend it].
> [Something is wrong in the {room}|We have a problem in the {room}]: {trouble:the} {trouble:fails}. [It began on
    {day}|It gets worse every day|{p} says it is an old fault].
% repair; something broken in a flat

^
> There {pest:is} {pest} in [my|the|our] {room}. [I saw the first signs on {day}|{p} next door has the same
    trouble|The traps from {firm2} did nothing].
> [I have found|We have seen] {pest} in the {room} [since {date}|again|this week]. [The children are scared|I
    cannot keep food there].
% vermin; insects or mice in a flat
? send [someone|an expert|a firm] [by {day2}|before {date2}]
? [deal with|get rid of] [it|the problem]

^
> I [moved|have moved] out [on {date}|in {month}|{num} weeks ago] and [have not received|am still waiting for] my
    deposit of {sum}. [The flat was clean|{p} took the keys|You said it would take {num2} days].
> [It is {num} weeks since I moved out|My keys went to {p} on {date}], yet the deposit of {sum} has not [come|been
    paid back].
% deposit; money that a landlord owes
? pay back [the deposit|it] by {date2}
? [return|pay back] the deposit

> I [am giving notice|give notice] for [the|my] flat [at {street}|at {street}], and will move out on {date}. [I
    have found work in {town}|The place has become too small|{p} and I are getting married].
> [I have found a job in {town}|I am moving to {town}|{p} and I are moving to {town}] and will leave the flat [at
    {street}|at {street}] on {date}.
% notice; moving out of a flat
? confirm [this|the date] in writing
? [tell me|say] [who|which of you] will take the keys
? let {p2} [have|take over] the flat

> I [would like|should like|want] to [keep {pet:a}|paint the {room} {colour}|put {x:a} in the cellar|share the flat
    with {p2}] [from {month}|]. [The contract says nothing about it|{p} upstairs did the same].
% asking for permission; request of a tenant
? [give me your permission|allow this]
? tell me whether [that is all right|you agree]

@ landlord or caretaker to tenants | group | furniture toys sport tools garden
# notice to all tenants
? clear the {shared} [by {day2}|before {day2}|]
? be at home [on {day2}|that morning] [or leave a key with {p2}|]
? [store|put by] some water [for that day|]

> The <1:water|electricity|heating|lift> will be <2:off|out of order> [in the whole house|] on {date} from {hour}
    to {hour2}[, because of repairs|: {trouble:the} in the {shared} must be replaced|]. [{firm2} will do the
    work|It was put off in {month}].
> [Workmen from {firm2}|{p} and {p:his} men] will be in the house on {date}, from {hour} to {hour2}. During this
    time the <1:water|electricity|heating|lift> will be <2:off|out of order>.
% water or electricity turned off; announcement to tenants

^
> {x:a} {x:has} been [left|standing] in the {shared} since {day}. [It blocks the way|That is a fire risk|{p} nearly
    fell over it].
> [Someone has left|Somebody put] {x:a} in the {shared}. [This is not allowed|It has been there since {date}|{p}
    complained].
% things in the way; things left in shared rooms
? [take {x:them} away|remove {x:them}] by {day2}
? tell [me|{p2}] whose {x:they} {x:is}

> The rent will [rise|go up] by {sum} from {date}. [Prices have risen|The roof has been renewed by {firm2}|The last
    change was in {month2}].
> From {date}, [each flat will cost {sum} more|you will pay {sum} more rent] [a month|each month]. [I held it off
    as long as I could|The new boiler cost {sum2}].
% rent; a higher rent
? [change|adjust] your [standing orders|payments]
!

@ parent to school | school | bags clothes shoes sport toys music
# my {c:child} {c}
# absence
+ {c:his} friend {n9} can bring the homework.
? excuse {c:him} [until {day2}|for the week|]
? send [the homework|{c:his} homework] [with {p2}|by e-mail|]
? let {c:him} [sit out|miss] [{lesson2}|the {lesson2} lesson]

> My {c:child} {c} [has|has come down with|is in bed with] {illness} and cannot come to school [until
    {day}|today|this week]. [It began on {day3}|The doctor, {p}, has seen {c:him}|{c:he} is asleep now].
> {c} [cannot come|will not be in class] [today|until {day}], as {c:he} has {illness}. [{c:he} is sad to miss
    {lesson9}|{p}, the doctor, told {c:him} to rest].
> [It is {illness}, says the doctor|We have {illness} in the house], so my {c:child} {c} [stays|has to stay] at
    home [until {day}|today].
% illness; absence from school

> My {c:child} {c} [would like|wants] to [go|come along] on the {trip} [on {date}|in {month}], but [we cannot pay
    {sum} at once|the price of {sum} is too much for us|I am out of work and {sum} is a great deal].
> [About|As to] the {trip} on {date}: {c} [is looking forward to it|talks of nothing else], but [we cannot pay
    {sum} at once|{sum} is a lot of money for us].
% school trip; question about a school trip
? let [me|us] pay [in {num} parts|later|in {month2}]
? tell me [whether there is help with the money|whom to ask for help with the cost]
? send the list of things to bring

> {c} [lost|has lost] {x:a} at school [on {day}|on {date}|]. [{c:he} last had {x:them} in {lesson}|{x:they} {x:was}
    a present from {p}|It may have been after {lesson}].
> My {c:child} {c} came home without {c:his} {x} [on {day}|on {date}]. [I asked {n}, {c:his} best friend|{c:he}
    changed for sports that day].
% lost property; something lost at school
? [look for {x:them}|have a look for {x:them}] [in the {lesson2} room|in the lost property box|]
? ask the class [about {x:them}|whether they have seen {x:them}]

> I [am worried about|worry about] {c} in {lesson}. [{c:he} used to like it|{p} says {c:he} does not listen|The
    marks have dropped since {month}|At home {c:he} understands everything].
> My {c:child} {c} [has trouble with|no longer keeps up in|has fallen behind in] {lesson}[ since {month}|]. [{c:he}
    cries over the homework|{p} tried to help {c:him}].
% worry about a child; trouble at school
? [meet me|see me|speak to me] on {day2} [at {hour}|]
? [recommend|suggest] [a tutor|a book|some exercises]
? move {c:him} to [the group of {p2}|another group]

@ school to parents | group
# {trip}
# news from class {num9}
? [give the children|pack] {supply} [and warm clothes|]
? [pay|hand in|send] {sum} by {date0}
? [sign and return the form|return the form] by {date0}
? [help out|come along], if you can

> [Our|The] {trip} [will be|takes place|is] on {date}. [We meet|The bus leaves] at {hour} [at the {place}|outside
    the school]. [{p} will come along|Last year's in {town2} was great fun|If it rains, we shall go all the same].
> On {date} [we go on|your children will be at|the class has] the {trip}. [We leave|The start is] at {hour}. [{p}
    has planned it all|There will be {dish} for lunch].
% school trip; announcement to parents

> The {trip} [planned for|on] {date} [has been|is] [moved to {date2}|put off until {date2}], because [of
    {hurdle}|{snag}|the {place} is closed].
> [We have to move|I am sorry that we must move] the {trip} from {date} to {date2}. [The {place} is
    closed|{snag}|{p} is on sick leave].
% change of date; a trip on another day
? [tell us|let us know] <w:whether your child can come|if the date suits you>
!

> There [are|have been] lice in [class {num}|the class]. [It happens every year|{p} found the first on {day}|It has
    nothing to do with dirt].
% lice; illness at school
? [check|look at] [the hair of your children|your children's hair]
? keep [your children|them] at home until {day2} if you find any

@ office: meeting | person
# {meeting}
+ [The slides from {p9} are in the folder|The room smells of paint, says {p9}].
? [move|put off|shift] [it|the {meeting}] to {day2} [at {hour2}|]
? tell {p} [about it|too|]
? [book|reserve] a [bigger|quiet|different] room
? [send me|send round] the [agenda|slides] [by {day2}|before then]

> I [cannot come|will not be able to come|cannot make it] to the {meeting} on {day} [at {hour}|], because {snag}.
    [{p} could take my place|My notes are with {p}].
> [About|As for] our {meeting} on {day}: {snag}, so I [cannot be there|have to miss it]. [{p} knows the figures|{p}
    cannot make it either].
> {snag}[, I am afraid|, sadly|], and so I cannot [attend|be at|come to] the {meeting} on {day}.
% absence; missing a meeting

> [The|Our] {meeting} [is|has been] moved from {day} to {day2}, {hour2}[, in the {place}|]. [{p} has another
    call|The room is taken on {day}|{p} will be back by then].
> [Please note:|A change:|Note that] the {meeting} is now on {day2} at {hour2}, not on {day}[, because {snag}|].
    [{p} knows|It will be in the {place}].
% change of date; a meeting on another day
? [bring|print] the {report}
? [confirm|tell me whether you can come]
!

@ office: report | person
# {report}
+ [The {report2} from {p9} is already here|{p9} does the {report2}, so leave that].
? [send me|let me have|mail me] the {report} by {day2}
? [finish|complete] the {report} [by {date}|before {date}]
? [check|go over|look through] the {report} [with {p}|before {day2}]

> [We need|I need|{firm2} is asking for|{p} is waiting for] the {report} [for the {meeting}|before {p} leaves for
    {town}]. [The last one was full of mistakes|The {report2} can wait|You told me it was nearly done].
> The {meeting} is on {day}, and [the {report} is still missing|without the {report} we have nothing to show]. [{p}
    has sent the {report2}|I promised {p} that we would be ready].
% request for a document; asking for a report

> I [shall not manage|cannot finish|will not have] the {report} by {day}, because {snag}. [{p} has not sent the
    figures|I have done {num} pages].
> [The deadline on {day} is too early|{day} is too early] for the {report}: {snag}. [The {report2} kept me busy all
    week|{p} still owes me numbers].
% late report; a report that will not be ready
? give me [more time|] until {day2}
? [move|shift] the deadline to {date}
? let {p2} help me

> [I have read|Thank you for] the {report} [you sent on {day}|]. [It is clear and well written|Good work], but
    <1:page {num}|the table on page {num}> <2:has a mistake|is missing|is out of date>.
% mistake in a report; correction
? [correct it|put it right] by {day2}
? send [me|{p2}] a new version

@ office: holiday and leave | person
# leave
? [approve|sign off] [this|it|my request] [by {day2}|]
? [tell me|say] whether [that is possible|those dates suit]
? put {p} [in charge|on my shift] meanwhile

> I would like to [take|have] [leave|a holiday|time off] from {date} to {date2}[, for {event:a} in {town}|, to
    visit {town}|]. [{p} can stand in for me|I still have {num} days left|{p} was away in {month}].
> [May I|Could I|Can I] [take|have] leave from {date} to {date2}? [{p} has agreed to take my calls|There is
    {event:a} in {town}|My last holiday was in {month}].
% holiday; request for leave

> I have {illness} and [will not be in|must stay at home] until {day}. [{p} has the keys|The doctor has signed a
    form|The {report} is on my desk].
> [I have {illness}|It is {illness}, says the doctor], so I cannot come to work until {day}.
% illness; sick leave
? ask {p2} to take over my [shift|calls|class]
? cancel <w:my appointments|the {meeting}>
!

@ office: computers | person
# {gadget} trouble
+ The {gadget2} of {p9} is fine.
? [look at it|come and look] [before {day2}|before {hour}|today]
? [send|bring|lend] me another {gadget} [by {day2}|]
? [reset|repair|fix] {gadget:the}

> {gadget:my} {gadget:fails}[ since {day}| since the update|]. [I have restarted it twice|{p} tried everything|I
    need it for the {meeting} on {day2}|The same happened to {p}].
> [I cannot work|Help|I have a problem]: {gadget:the} [in room {num}|on my desk|of our team] {gadget:fails}. [It
    started on {day}|{p} says to write to you|A red light is blinking].
% computer trouble; technical support

@ job application | employer
# application
? [invite me to|give me] an interview [in {month}|]
? [read|look at] the enclosed [papers|certificates]
? tell me [what the post pays|when it begins|what the hours are]

> I [apply|am applying|would like to apply] for the post of {job} [in {town}|that you advertised on {date}|at your
    company]. I [have worked as {job2:a} in {town2} for {num} years|trained with {firm2}|have {num} years of
    practice]. [{p} can tell you more about me|My last boss was {p}].
> [You are looking for {job:a}|Your advert says that you need {job:a}]. [For {num} years I have worked as {job:a}
    in {town2}|I trained as {job:a} with {firm2}], and [I would love to join you|I want to apply].
% job application; applying for a job

> I [must withdraw|withdraw|am withdrawing] my application [as {job}|for the post of {job}]. [I have accepted a
    post in {town}|{firm2} has taken me on|We are moving to {town}].
> Thank you for [inviting me|the interview on {date}]. [I have decided not to take|I shall not take] the post of
    {job}, because [I have an offer in {town}|we are moving to {town}|the pay of {sum} is too low].
% withdrawn application; no longer wanting a job
? [return|send back|destroy] my papers
!

@ firm to applicant | person
# your application
> We [are pleased|are happy|are glad] to [invite you to an interview|see you for an interview] for the post of
    {job}, on {date} at {hour}[, in the {place}|]. {p} will [meet you|talk to you].
> [Your application as {job} has impressed us|{p} liked your application as {job}]. [Let us meet|The interview is]
    on {date} at {hour}.
% job interview; invitation to an interview
? bring your <w:certificates|passport|drawings>
? [confirm the date|tell us whether you can come] by {day2}

> [We regret to tell you|I am sorry to say|Unfortunately we must tell you] that the post of {job} [has gone to
    someone else|has been filled]. [There were {age9} applicants|{p} enjoyed the talk with you].
% rejected application; refusal of a job
!
? apply again in {month}

@ neighbour | person | tools kitchen garden sport electronics furniture
# a word between neighbours
? [turn it down|keep it down|be quiet] after {hour}
? [find|look for] another [time|place] for {noise:the}
? <w:talk to me|come round> on {day2}

^
> {noise:the} [from your flat|next door|at your place] [keeps|keep] us awake [every night|until {hour}|since
    {day}]. [Our baby has just come home|{p} has exams|I start work at {hour2}|{p} upstairs does not sleep either].
> [I like music|I am not one to complain|We get on so well], but {noise:the} [at your place|from your side]
    {noise:are} too much for [us|me], [above all|especially] on {day}.
% noise; complaint about noise

> I [lent you|let you have] {x:my} [on {date}|in {month}|{num} weeks ago]. [You wanted {x:them} for the {room}|You
    said it was only for {num2} days|{p} has asked for {x:them} too]. [I need {x:them} [on {day}|now|myself].|]
> [Do you still have|You still have] {x:my}, which I lent you [in {month}|on {date}|for the {room}]? [I need
    {x:them} for {p}|We are rebuilding the {room}].
% something lent; asking for something back
? [bring {x:the} back|return {x:the}] by {day2}
? put {x:the} [outside my door|in the {room2}]
? hand {x:the} to {p2}

> [We are|I am] [going|travelling|flying] to {town} from {date} to {date2}. [Last time {p} helped us|{p} has broken
    an arm|The {pet} comes with us].
> From {date} to {date2} [we will be|I shall be] in {town}[ for {event:a}|]. [{p}, who usually helps, is away
    too|{p} will drive us].
% absence; looking after a home
? {errand} [while I am away|meanwhile]
? {errand} [and {errand2}|]

> A <1:parcel|letter|box> for you [is with me|was left with me] [since {day}|today]. [It is from {firm2}|{p} signed
    for it|It is heavy]. [I am at home|You can find me] until {hour}.
> The postman left a <1:parcel|letter|box> for you [with me|at my door] on {day}.
% a parcel for a neighbour; a letter for somebody else
? [come and collect it|fetch it|pick it up] [before {hour}|before {day2}|by {day2}]
? ring at flat {num} [after {hour2}|]

> [I am sorry:|I have to confess:|This is awkward:] I <1:broke|damaged> your {x} [on {day}|on {date}|this morning].
    [My foot slipped|The ladder fell over|{petname}, my {pet}, ran between my legs].
> Your {x} got <1:broken|damaged> [on {day}|this morning|on {date}], and it was my fault. [I was backing out|{p}
    saw it happen|I tripped on the step].
% apology; damage to what belongs to another
? tell me what [a new one|the repair] costs
? let me <w:buy you a new one|pay {sum} for the damage>
!

> [Our|My] {pet} {petname} has been missing since {day}. [{petname} is shy|Its collar is {colour}|{p} saw it near
    {street}].
> [Since {day}|Since {date}] we have been looking for {petname}, our {pet}. [The door was open|{p} thinks it ran
    towards the {place}].
% missing pet; a lost animal
? [look|have a look] in your [cellar|garage|garden shed]
? <w:call me|ring {p2}> if you see it

@ doctor and dentist | practice
# appointment
? [give me|find me] [an earlier|a later|another] appointment [on {day2}|in {month2}|]
? move [it|the appointment] to {date2} [at {hour2}|]
? move it to {day2} [afternoon|morning]
? cancel [it|the appointment]

> I [have|was given] an appointment for {checkup:a} on {date} at {hour}[, with Dr {pf}|].
    [Unfortunately|But|Sadly,] {snag}.
> [My|The] {checkup} is [on {date}|down for {date}|to be on {date}][ at {hour}|], but {snag}[, and so I cannot
    come|]. [{p} made the appointment|I waited {num} weeks for it].
% cancelling an appointment; missing an appointment

> I [have had|have] {ache} since {day}[, and it is getting worse|, and tablets do not help|]. [{p} told me to see
    you|I was last with you in {month}|I hardly sleep].
> [Since {day}|For {num} days now|For {num} weeks] I have had {ache}. [My chemist, {p}, sent me to you|At first I
    thought nothing of it].
% symptoms; asking a doctor for help
? give me an appointment [on {day2}|before {date}|this week]
? [tell me what to do|advise me] until then
? send me <w:to a specialist|a prescription>

^
> [I was charged|You have charged me|The bill asks me for] {sum} for {checkup:a} [on {date}|in {month}], but [I
    never had it|it was agreed at {sum2}|my insurance pays for that|it was cancelled].
% bill of a doctor; a wrong bill
? [correct|check] the bill
? [refund|return|pay back] the {sum}

> [Our|My] {pet} {petname} <1:will not eat|limps|keeps scratching|sneezes|sleeps all day> since {day}. [{petname}
    is {num} years old|A vet in {town2} found nothing|{p} thinks it is the new food].
% sick animal; asking a vet for help
? [see {petname}|give us an appointment] [on {day2}|this week]
? [come to|visit us at] {street}

@ practice to patient | person
# your appointment

> We [remind you of|confirm] [the|your] {checkup} on {date} at {hour}[ with Dr {pf}|]. [Parking is at {street}|The
    lift is out of order|Dr {pf2} is on holiday].
% reminder; an appointment
? bring <w:your card|the X-rays|a list of your tablets>
? [come|be there] [ten minutes early|on an empty stomach]

@ library | library
# {book}
+ [I brought back {book9} on {day9}|{book9} I returned on time].
? [extend|renew] [it|the loan] until {date2}
? cancel the [fee|fine] of {sum}
? [reserve|keep] {book2} for me

> I borrowed {book} [on {date}|in {month}], and cannot bring it back on time, because {snag}. [{p} at the desk said
    to write|I am on page {age9}].
> {book}, which I borrowed [on {date}|in {month}], is due [on {day}|soon], but {snag}.
% more time for a library book; a book that is late

> I [borrowed|took out] {book} from you, and <1:I have lost it|my {pet} has chewed it|tea was spilt on it|it fell
    into the bath|I left it on a train>. [I am so sorry|{p} helped me look for it|It was on {day}].
> [I am ashamed to say that|I am sorry to say that] {book}, [from your shelves|on loan to me], <1:got lost|was
    chewed by my {pet}|was spoilt by tea|fell into the bath|was left on a train>.
% lost or damaged book; a library book that cannot be returned
? tell me what I [have to|must] pay
? let me <w:replace it|buy a new copy>

@ library to reader | person
# {book}

> {book} [has come in|is now here] [for you|and is waiting for you]. [It came from {town}|{p} brought it
    back|{book2} is still out].
> The [book|title] you reserved, {book}, [has arrived|can be collected][ at {street}|].
% a book that has come in; a reserved book
? [collect it|pick it up] [by {date}|before {day}]

> You have had {book} since {date}. [It is {num} weeks late|The fee so far is {sum}|{p} is waiting for it].
% overdue book; reminder
? [bring it back|return it] by {day2}
? pay {sum} [at the desk|]

@ council | council
# {nuisance} at {street}
+ In {town9} they mend such things in {num9} days.
? [repair it|have it seen to|see to it] [before {month2}|by {date2}|before someone gets hurt]
? send someone to [look at|check] it
? tell [me|us] when it will be [repaired|seen to]
? [close|fence off] the place until then

^
> {nuisance:the} [near {street}|outside {street}|by the {place}] {nuisance:fails}[, and it has been like this since
    {month}|]. [My neighbour, {n}, fell there|Children pass it on their way to school|I told {p} in your office|A
    dog got hurt there].
> [I must report|I want to report|I would like to report] a problem [near|at|outside] {street}: {nuisance:the}
    {nuisance:fails}. [{p} reported it in {month}|It gets worse each week|Nobody feels safe].
> [For {num} weeks|Since {date}] {nuisance:the} [by the {place}|near {street}] [has been in a bad way|has been a
    danger]: it {nuisance:fails}.
% trouble in the street; complaint to the council

> [We|I] [would like|plan|want] to hold {event:a} [at the {place}|at {street}|outside {street}] on {date}. [About
    {age} people will come|{p} from {firm2} brings the tables|Last year all went well].
% permission for an event; a public event
? [give us|let us have|grant] permission
? close the street from {hour} to {hour2}
? lend us [{num} tables|benches|a stage]

^
> [On {date}|Last {day}] I was fined {sum} for parking at {street}. [The sign was behind a hedge|I was carrying
    {x:a} for {p}|I had a valid ticket|The meter was broken].
% fine; objection to a fine
? [cancel|drop|withdraw] the fine
? [check|look at] the [sign|meter]

^
> The city [wants|plans] to <1:close the {place}|cut down the trees at {street}|sell the {place}>. [I grew up
    nearby|{p} has collected signatures|We walk there each {day}]. I am [strongly|] against it.
% protest; objection to a plan
? <1:keep the {place} open|save the trees|keep the {place}>
? [hold a meeting|call a meeting] before {month2}

@ provider | provider
# contract {order}
+ [Before that I was with {firm2}|{firm2} offers the same for {sum9}].
? [refund|return|pay back] the {sum}
? [restore|repair] [it|the connection] by {day2}
? [end|cancel] [the|my] contract [on {date2}|]
? send [a technician|someone] on {day2}

^
> My {service} has been [down|dead|cut off] [since {date}|since {day}|for {num} days]. [{p} on your line told me to
    wait|I work from home|My neighbour {n}, with {firm2}, has no such trouble].
> [For {num} days|Since {date}|Since {day}] I have been without {service}. [{p} promised a technician|Your robot
    voice hung up on me|I paid {sum} for this].
% internet, phone or power cut; a service that does not work

^
> [You have charged me|I was charged|My bill shows] {sum} <1:twice|too much> for {month}[, for my {service}|]. [The
    contract says {sum2}|{p} admitted the mistake on the phone|I read the meter myself].
> The bill for {month} is wrong: <1:I was charged {sum} twice|it is {sum} too high>. [I called on {day}|{p} wrote
    to you about it on {date}|Until now it was always {sum2}].
% wrong bill; being charged too much
? [refund|return|pay back] the {sum}
? [correct|check] the bill

> I am moving to {town} on {date}, and <1:want to keep|no longer need> my {service}. [The new flat is at
    {street}|{p} already has a contract there].
> From {date} I shall live at {street}, {town}. [This concerns|It is about] my {service}.
% moving house; change of address
? <1:move the {service} to [the new address|{street}]|end my contract>

@ bank | bank | bags electronics
# account {order}
? [block|stop] [the|my] card [at once|] and send a new one
? send the new card to {street}
? [lend|let] [me have|me] {sum} until then

> I <1:lost my card|had my card stolen> [in {town}|at the {place}] on {date}. [It was in my {x}|I noticed it at the
    till|{p} paid for me].
> My [bank|credit|] card was <1:lost|stolen> [in {town}|at the {place}] [on {date}|on {day}], together with {x:my}.
    [The police have been told|{p} saw a man run away].
% lost or stolen card; blocking a card

^
> [On {date}|On {day}] {sum} was taken from my account [by {firm2}|for {x:a}]. I [never bought anything there|know
    nothing about it|did not agree to this]. [My balance was {sum2} before|{p} at the counter was puzzled].
> [There is a payment I do not know|I found a strange payment] on my account: {sum} [to {firm2}|for {x:a}], on
    {date}.
% unknown payment; suspected fraud
? [return|refund|give back] the money
? [check|look into] [it|the payment]

> I [would like|plan|want] to <1:buy {vehicle:a}|open a small shop in {town}|open a cafe in {town}>, and need a
    loan of {sum}. [{p} would stand surety|I earn {sum2} a month|I have saved for {num} years].
% loan; asking a bank for money
? <w:tell me what it would cost|send me an offer>
? [see me|give me an appointment] on {day2}

@ club, team or choir | group
# {group} news
? [come|be there] [at {hour}|early|ten minutes early]
? bring {supply} [and {supply2}|]
? [tell {p2}|write to {p2}] if you cannot come
? [pay|bring] the fee of {sum} by {date2}

> [The|Our] {practice_} of the {group} on {day} [has been|is] moved to {day2}, {hour}[, in the {place}|]. [The hall
    is being painted|{p} has lost {p:his} voice|The heating has failed|The usual place is taken by {firm2}].
> [Change of plan|Please note]: the {group} does not meet on {day} but on {day2} at {hour}. [{p} has the key|There
    is no light in the {place2}].
% change of date; training or rehearsal on another day

> The next {practice_} of the {group} is on {date} at {hour} in the {place}. [{p} will take photos|We start with
    coffee|On {date2} there is none].
> [We meet|The {group} meets] for the {practice_} in the {place} on {date}, at {hour}. [{p} brings the notes|Guests
    are welcome].
% invitation; announcement of training or rehearsal

> I [cannot come to|have to miss] the {practice_} of the {group} on {day}, as {snag}. [{p} has my key|I was so
    looking forward to it].
% absence; missing training or rehearsal
? <w:let {p2} take|ask {p2} to take> my place
? tell me [what was missed|what was decided] [afterwards|]
!

> We are [looking for|in need of] someone who plays the {instrument} for our {group}. [{p} has moved to {town}|We
    have a concert on {date}].
% looking for a musician; asking for players
? [ask your friends|spread the word]
? write to {p2} [by {date}|]

@ joining a club | club | sport music
# joining the {group}
> I [have just moved|moved] to {town} and would like to join [your|the] {group}. [I have never tried it before|In
    {town2} I was in one for {num} years|{p} told me about you].
> [{p} told me about|I read about|I saw the poster of] your {group}. I [would like|would love|want] to join.
% joining a club; membership
? [tell me|say] <w:when you meet|what it costs|whether I may come on {day}>
? [lend me|let me use] {x:a} at first
? send me the [form|programme]

> I am leaving the {group} [at the end of {month}|on {date}], because [I am moving to {town}|{snag}|my knees
    hurt|the fee of {sum} is too high]. [It was a fine time|Give my best to {p}].
% leaving a club; end of a membership
? take me off the list
? send back the [fee of|] {sum} for [the rest of|] the year
!

@ invitation | person
# {event}
? [tell me|let me know|say] by {date0} whether you [can come|are coming]
? bring {supply}
? <w:help me with the {dish}|make your {dish}>

> [You are invited|I would like to invite you|We invite you|I want to invite you] to [my|our|the] {event} on
    {date}, [at the {place}|at {street}], at {hour}. [{p} will play the {instrument9}|There will be {dish9}|{p}
    flies in from {town9}|No presents, please].
> On {date} [we celebrate|I celebrate|we are having] [my|our|the] {event} [at the {place}|at {street}]; it begins
    at {hour}. [You must come|It would not be the same without you]. [{p} brings a guitar|Last year's rain is
    forgotten].
> [My|Our|The] {event} is on {date} from {hour} on, [at the {place}|at {street}], and you are [warmly|] invited.
    [{p} is coming too|Bring whomever you like].
% invitation; a party or another event

@ reply to an invitation | person
# re: {event}
> Thank you for [the invitation to|inviting me to] the {event} on {date}. [I am afraid that|Sadly,|Unfortunately,]
    I cannot come, because {snag}. [I had {x:a} for you|{p} will come without me|Next year for sure].
> [I would have loved to come|How I would have liked to come] to the {event} on {date}, but {snag}. [{p} will tell
    me about it|My thoughts are with you].
% refusing an invitation; not coming to an event
? [save|keep] me [a piece of cake|some {dish}]
? visit me [on {day2}|in {month}] [instead|]
? greet {p2} [for me|from me]
!

> [Of course|Yes|Gladly|With pleasure], I will come to [your|the] {event} on {date}! [{p} comes too|I shall bring
    {supply}|I have bought a new {z}|I arrive at {hour}].
> [Thank you for the invitation|Your card came today]. I [shall|will] be at the {event} on {date}. [Shall I bring
    {supply}?|I have not danced for {num} years.|]
% accepting an invitation; coming to an event
? [tell me|say] [how to get there|where to sleep|what to wear]
? [fetch me|pick me up] [from the station|] at {hour2}
!

@ restaurant and catering | restaurant
# table on {date}
+ [Last time we had {dish9}, which was excellent|{p9} still speaks of your {dish9}].
? [give us|reserve|find us] [a quiet table|a table outside|a table by the window]
? [prepare|serve|make] {dish}
? [change|move] [it|the booking] to {num2} people
? move [it|the booking] to {date2}

> [I booked|I have booked|We booked] a table for {num} [people|] on {date} at {hour}. [One of us is {diet}|{p} is
    {diet}|We celebrate {event:a}|{p} took the call].
> [A table for {num} is booked|There is a table for {num}] in my name on {date}, {hour}. [One guest, {p}, is
    {diet}|It is for {event:a}].
% reserving a table; a booking

^
> We [ordered|had ordered] {dish} for {num} people for [our|the] {event} on {date}. [But you brought|What came was]
    {dish2}[, and it was cold|, and far too little|]. [{p} had to go without|The bill was {sum2}|We went for chips].
> At [our|the] {event} on {date} [you served|your people served] {dish2} instead of the {dish} that [we had
    ordered|was agreed with {p}].
% wrong meal; complaint about a restaurant
? [refund|return|pay back|take off] {sum}
? [explain|tell us] how [that|this] could happen
? [say sorry to|apologise to] {p2}

> We [plan|are planning|are preparing] {event:a} [at the {place}|at {street}] on {date}, with {age} guests. [{num}
    of them are vegan|{p} is {diet}|We have {sum} to spend].
> Could you cater for {age} [people|guests] on {date}, at {event:a} [at {street}|at the {place}]? [Some are
    {diet}|{p} sang your praises].
% food for many guests; planning a celebration
? [make|send] [us|me] an offer [with {dish}|] [by {day2}|]
? [tell me|say] what {dish} [for all|] would cost

> [The {dish} on {day} was|On {day} I had your {dish}, which was] the best I have ever eaten. [{p}, our waiter, was
    charming|Tell {p} in the kitchen|My {kin9} {n} thinks so too].
% praise; a good meal
!
? [give me|send me] the recipe

@ garage and craftsmen | garage
# my {motor}
? [look at it|repair it|see to it] [on {day2}|before {date0}|by {day2}]
? [tell me|say] what [it|the repair] will cost [before you start|]
? [lend me|let me have] another {motor} [meanwhile|until then]
? [fetch|collect] the {motor} from {street}

> {carfault:the} of my {motor} {carfault:fail}[ since {day}|, above all in the rain|]. [I have to drive to {town}
    on {date}|{p} says it is nothing|You repaired something else on it in {month}].
> [My|Our] {motor} [gives me trouble|worries me]: {carfault:the} {carfault:fail}. [It began near {town}|I paid
    {sum2} for it|{p} had a look at it].
% trouble with a vehicle; repair of a car

^
> [You repaired|Your {p} repaired] my {motor} [on {date}|in {month}|last week][, for {sum2}|], but {carfault:the}
    still {carfault:fail}. [I have been back {num} times|It was fine for one day].
> [I collected my {motor} on {date}|My {motor} has only just come back from you]. All the same, {carfault:the}
    {carfault:fail} [again|as before].
% bad repair; complaint about a workshop
? [repair it|put it right] [free of charge|at no cost]
? [refund|return|pay back] the {sum}

^
> [Your men|{p} and {p:his} men] [were to begin|promised to begin|should have begun] [the|our] {craft} [in the
    {room}|] on {date}. [Nobody has come|No one came]. [I took a day off|We had cleared everything].
> The {craft} [in our {room}|at our house] [was to be finished|should have been done] by {date}[, and I have paid
    {sum}|], but [nothing has happened|half of it is missing|you stopped in the middle].
% late craftsman; work that has not begun
? [start|finish|come] by {date2}
? [pay back|return|refund] the {sum}
? [tell me|say] [when you will come|on which day you will come]

> [I need|We need|We are thinking of] {craft:a} [for|in] [the|our] {room} [at {street}|in {town}]. [{p} had you in
    {month} and was happy|{firm2} wanted {sum2}|It should be done before {month2}].
% asking for a craftsman; work to be done at home
? [send me|make me] an offer [by {date}|]
? [come and look|measure it] on {day2}

@ volunteers | group
# {volunteer}
? {duty} [on {date}|for an hour or two|]
? [tell|write to|call] {p2} by {day2} if you can help
? bring {supply} [and gloves|]
? [give|donate] {sum} [or more|]

> [We need|The {volunteer} needs|We are short of] {num} [more|] [people|helpers] for the {volunteer} on {date}[
    from {hour} to {hour2}|, at the {place}|]. [{p} is on holiday|Last time we were {num2}|There will be {dish}].
> [Our|The] {volunteer} [opens again|takes place|is] on {date}[, at {hour}|], and [we are too few|{p} and {p2} are
    ill]. [It is good fun|You need no training].
% asking for volunteers; looking for helpers

> [Thanks to you|With your help] the {volunteer} [on {date}|in {month}] [brought in {sum}|was a great success, and
    brought in {sum}]. [{p} stood in the rain for {num} hours|Even the mayor came|{p} baked {num} cakes].
% thanks; success of a collection
!

> I [would like|want] to help at the {volunteer}. [I have time on {day}|I used to be {job:a}|{p} told me about it|I
    can drive a van].
% offering help; becoming a volunteer
? [tell me|let me know] <w:when I can start|whom to see>

@ insurance | insurer | electronics sport music bags tools
# claim {order}
? pay {sum} [for the damage|]
? send [an expert|someone] [by {day2}|on {day2}]
? [tell me|say] whether [you will pay|that is covered]
? send me the [forms|claim form]

> [On {date}|On {day}|Last {day}] [I had|we had|there was] {damage} at {street}[ in {town}|]. [The police took
    notes|My neighbour {n} saw it|The {room} is unusable|{x:my} {x:is} ruined].
> [I want to report|I have to report|This is to report] {damage} [at {street}|in {town}] on {date}. [{p} has made
    photos|The repair is said to cost {sum2}].
% insurance claim; reporting damage to an insurer

^
> You [have refused|refuse] to pay for {damage} [of {date}|at {street}]. [I have paid you for {num} years|Your
    expert, {p}, stayed {num} minutes|The contract says otherwise].
% refused insurance claim; objection to an insurer
? [look at|check] the case again
? pay [me|] the {sum}

> My {x} {x:was} stolen [from the {room}|in {town}|from my {vehicle}] on {date}. [It cost {sum2}|{p} from the
    police wrote it down|The lock was broken].
% theft; insurance claim
? [replace {x:them}|pay {sum} for {x:them}]

@ thank-you note | person
# thank you
> [I want to thank you|Thank you [so much|with all my heart|]|A thousand thanks|How can I thank you] for
    {kindness}[ last {day}| on {date}|]. [Without you I would still be sitting there|{p} was touched too|That was
    so kind|You made my {month}].
> [I keep thinking of|I will never forget] {kindness}. [Thank you!|You are a true friend.|It did me good.] [{p}
    says so too|It was the best of the week].
% thanks; a kindness
!
? [come to dinner|come for lunch|be my guest] on {day2}

> Thank you for {x:the} [you gave me|you sent] for my {occasion}. [{x:they} {x:fits} well|I use {x:them} daily|How
    did you know?|{p} is jealous|{x:they} now {x:stands} in the {room}].
> {x:the} [came|reached me] just in time for my {occasion}. [I love {x:them}|You could not have chosen better].
    Thank you! [From {p} I got {z:a}|{p} gave me {z:a}].
% thanks; a present
!
? [visit me|come and see {x:them}] in {month2}

@ reminder | person
# a small reminder
^
> I lent you {sum} [on {date}|in {month}|in {town}], [and you wanted to pay me back by {day}|for your {x}|when you
    were short]. [{p} was there|I have bills to pay|It may have slipped your mind].
> You still owe me {sum}[ from our trip to {town}| for {x:the}| since {month}|]. [I would not ask, but the rent is
    due|{p} has paid {p:his} share].
% money that was lent; asking for money back
? pay [me|it] back by {date2}
? [return|pay back] {sum} [by {day2}|this week]

> [Do not forget|Remember]: [our|the] {event} is on {date} at {hour}, at the {place}. [{p} will be late|{p} counts
    on us].
> [Only|Just] a reminder that [our|the] {event} begins at {hour} on {date}[, at the {place}|].
% reminder; an event that is near
? bring {supply}
? <w:be on time|bring your ticket>
!

^
> You promised me {x:a} [for {month}|by {date}|on {day}], [but I have seen nothing yet|but it must have slipped
    your mind]. [{p} is asking for {x:them}|I need {x:them} for the {room}].
% reminder; something promised
? [bring|send] {x:the} by {day2}

@ lost and found | office | bags clothes shoes toys music electronics
# lost property
> I [lost|have lost] {x:a} [at the {place}|in {town}] [on {date}|on {day}|]. [{x:they} {x:was} a gift from {p}|My
    initials are inside|I was with {p}|I had {z:a} with me too, but still have that].
> {x:my} {x:was} [gone|lost] after [my visit|{event:a}] [at the {place}|in {town}] on {date}. [I had put {x:them}
    on a chair|{p} helped me search].
> On {date} I [was|sat] [at the {place}|in {town}], and [there|then] I [must have left|forgot|left] {x:my}.
    [{x:they} {x:is} not worth much, but dear to me|{p}, who was there, saw nothing].
% lost property; looking for something lost
? <w:call me|write to me|tell me> if {x:they} {x:has} been found
? send {x:them} to {street}
? [keep|hold] {x:them} until {day2}

> I [found|picked up] {x:a} <1:at the {place}|in {town}|near {street3}> [on {date}|on {day}|]. [The name {p} is
    written inside|There was {z:a} beside {x:them}|{x:they} {x:looks} expensive].
% found property; something found
? [tell me|say] <w:where to bring {x:them}|whom {x:they} may belong to>
? [collect {x:them}|fetch {x:them}] from {street}

@ buying and selling | person
# {x}
> I [saw|have seen|read] your advert for {x:the} [at {sum}|in the paper of {date}|at the {place}]. [I have wanted
    {x:one} for years|My old {x:head} was stolen|{p} would like {x:one}].
> [Is|Are] {x:the} [in your advert|you are selling] still [there|for sale]? I would [take {x:them} at once|like to
    have {x:them}]. [{p} could fetch {x:them}|It is for {p}].
% buying something used; interest in an offer
? [keep {x:them}|hold {x:them}] until {day2}
? [sell {x:them} to me|let me have {x:them}] for {sum2}
? tell me <w:how old {x:they} {x:is}|when I can see {x:them}>

> I [am selling|want to sell|have to sell] {x:my} for {sum}[, because I am moving to {town}|, since {snag}|].
    [{x:they} {x:is} {num} years old|{p} is interested too|{z:the} I keep].
> {x:my} {x:is} for sale, at {sum}. [I bought {x:them} in {month}|You asked {p} about {x:them}|{x:they} {x:works}
    well].
% selling something; an offer
? <w:call me|come and look> by {day2} [if you want {x:them}|]
? [fetch|collect] {x:them} yourself
!

@ news from friends | person
# news
> [I have news|Guess what|Big news]: I <1:have found work as {job:a} in {town}|am moving to {town} in {month}|have
    passed my exam as {job:a}|bought {vehicle:a} in {town}|won {sum} in {town}>. [{p} cried with joy|I start on
    {date}|{p} thinks I am mad].
% news of a friend; a change in life
!
? <w:help me pack|celebrate with me|visit me> on {date2}

> [We arrived|I arrived] in {town} on {day}. [The sea is warm|It rains, but who cares|The food is great], and
    [yesterday we saw {x:a} as big as a house|I have bought {x:a}|{p} lost {x:a} at the {place}].
% news of a friend; greetings from a journey
!
? {errand}

> [{p} and I|We] [had a baby|have become parents] on {date}: {c:his} name is {c:first}. [Both are well|{c:he} has
    black hair|We hardly sleep].
% news of a baby; a birth
!
? [visit us|come and see {c:first}] in {month2}
"""

# ---------------------------------------------------------------- messages

# A blank line begins a talk between {A} and {B}. Lines that begin with a star are sometimes left out.
CHATS = """
A: [are we still on for|still up for|what about] the {cafe} on {day}?
*B: [sure|yes|of course], [why|what is up]?
A: [well,|sorry,|the thing is,] {snag}. [can|could] we [do|say|make it] {day2} instead?
*B: [ok, I will ask {p}|fine by me|let me check]
*A: {p} [can only come then|does not mind|is free too]

A: [do you still have|have you still got] {x:my}?
*B: [hm, I think so|yes, somewhere|in the {room}, why]
A: [I need|we need] {x:them} [on {day}|for {event:a}|by {day}]. [can|could] you bring {x:them} to the {place}?
*B: [will do|no problem|and what about {z:the} you borrowed?]

*A: [help!|guess what|oh no]
A: I [left|forgot] {x:my} at the <1:{cafe}|{place}> [yesterday|on {day}|last night]
*B: [again?|oh dear|you and your things]
*A: [{p} was there too but saw nothing|it was so loud in there]
A: [can|could] you [ask there|have a look|look] [on your way home|when you pass|tomorrow]?
*B: [ok|yes, after {hour}|sure]

A: [what time|when] do we meet for {event:the}?
B: [{hour}, at the {place}|at {hour}, at the {place}|we meet at the {place}, {hour}]. [{p} is driving|{p} has the
    tickets|I come straight from work]
B: [and please|please|oh, and] bring {supply}
*A: [great|ok|noted]

A: [is there|do we have] any news [from {p}|] about the {report}?
*B: [not yet|{p} is on holiday|no, only about the {report2}]
A: [{firm}|the client|{q}] wants it by {day}. [can|could] you [send it to me|finish it] [before {hour}|by {day2}]?
*B: [I will try|ok|that is tight]

A: {snag} [:(|...|] I [cannot make|will miss|have to skip] the {meeting} [at {hour}|on {day}]
*B: [no worries|oh no|again]
A: [could|can] you <1:take notes|tell {p}|show my slides>?
B: [sure|ok|only if you bring cake]

A: [hey, |]are you home [on {day}|tomorrow|tonight]?
*B: [yes, from {hour}|should be|depends]
A: [I am expecting|there is] a parcel with {x:a}, and I am in {town} [until {day2}|with {p}]
A: [could|can] you take it in?
*B: [yes|of course|if the postman rings]

A: [I bought|I got|look, I found] {x:a} [for {sum}|at the flea market in {town}|at last]!
*B: [nice|you did it|show me]
*A: [{p} thinks it was too dear|now I can sell {z:the}]
A: [want to|do you want to] [see {x:them}|try {x:them}] on {day}?
*B: [yes|after {hour}|only with coffee]

A: my {transport} [is late|is stuck], {hurdle} [again|near {town}]
*B: [oh no|poor you|typical]
A: I will be there at {hour2}, not {hour}. [start without me|begin without me|do not wait for me]
*B: [ok, {p} is here already|we will save you some {dish}]

A: [did you|have you] paid? you owe me {sum} for {event:the}
*B: [I thought {p} had paid|how much was it?]
*A: [{p} paid for {x:the}, that was {sum2}]
A: [please send it|I need it|can I have it] by {day}

A: {petname} [is ill|will not eat|has run off] [since {day}|], I am so worried
*B: [poor {petname}|oh no, your {pet}]
A: [can|could] you drive us to the vet [at {hour}|in {town}]? [{p} has the car|my car will not start]
*B: [on my way|give me ten minutes|yes]

A: [I got|I have got] the job as {job:a}! [in {town}|with {firm}]
*B: [congratulations!|wow|I knew it]
*A: [{p} says I should ask for more than {sum}|I start on {date}]
A: let us celebrate [on {day}|], at the {cafe}. [bring {p2}|tell {p2}]

A: [could|can] you swap shifts with me? [I have|mine is] {day}, {hour}
*B: [why?|hm]
A: {snag}. I would take your {day2}
*B: [ask {p}, I am away|ok then|deal]

A: [who|which of you] has the key to the {place}?
B: [{p}|{p}, I think]. {p:he} is not here though... why?
A: I left {x:my} inside and need {x:them} by {hour}

A: [I am at the shop|at the market now]. [do we need|shall I get] anything for the {dish}?
B: [yes,|please get] {supply} and {supply2}
*A: [{p} said we had enough|they have no lemons]
*B: [then just {supply}, and hurry|and take cash]

A: my {gadget} {gadget:fails}... [since {day}|since the update]
*B: [have you turned it off and on?|{p} had that too]
A: [twice|yes]. I need it for the {meeting} at {hour}. can you come [up|over|to room {num}]?
B: [in ten minutes|after lunch|be right there]

A: [are you coming|will you come] to {event:the} on {day}?
B: [I would love to, but|sadly no,|no, I am afraid;] {snag}
*A: [what a pity|oh no], [{p} will be sad|we have {dish}]
*B: next time! [give {p} a hug|have fun]

A: we [are in|made it to] {town}! [the {transport} was fine|{p} slept all the way]
*B: [how is it?|finally]
A: [lovely|hot|rainy], but I forgot {x:my}
A: [could you post|can you send] {x:them} to {street}?

A: [idea:|what do you think:] [we|let us] get {you2} {x:a} for the {occasion}. [it costs {sum}|{sum} in all]
*B: [what about {y:a}?|{p} has one like that]
*A: [{y:the} would be too dear|{y:a} would be too small]
A: are you in?
*B: [yes|count me in|half each]

A: the {practice_} of the {group} [is off|is cancelled] on {day}, [{p} is ill|the {place} is flooded]
*B: [again|good, I am tired]
A: [we meet|it is now] on {day2} at {hour}. please tell {q}
"""
CHAT_STARTS = """[hey|hi|hello|morning|evening|yo|good morning] [{B}|{B}|there][!|,] [all good?|how are you?|quick
        question|got a
    minute?|you there?|busy?|]; [ok so|listen|hm|sorry to bother you|me again|one thing|before I forget]; [still
    raining in {town9}?|how was {town9}?|saw {p9} today|the {dish9} was great, thanks|tired after {hobby9}]"""
CHAT_ENDS = """[thanks|thank you|great|super|perfect|you are the best|cool|ok|lovely][!|.|]; [see you|talk
        later|bye|speak
    soon|gotta go|off to {hobby9} now][!|]; [say hi to {p9}|{p9} sends greetings|love to {p9}]; haha [ok|right|true]"""

SHORTER = {  # how the chatty write
    r"(?<!Here )\bI am\b(?= )": "I'm", r"\bdo not\b": "don't", r"\bdoes not\b": "doesn't",
    r"\bdid not\b": "didn't", r"\bcannot\b": "can't",
    r"\bwill not\b": "won't", r"\bis not\b": "isn't", r"\bwas not\b": "wasn't", r"\bhave not\b": "haven't",
    r"\bhas not\b": "hasn't", r"\bI will\b(?= )": "I'll", r"\bI would\b(?= )": "I'd", r"\bIt is\b(?= [a-z])": "It's",
    r"\bcould not\b": "couldn't", r"\bwould not\b": "wouldn't",
    r"\bWe are\b(?= )": "We're", r"\bThat is\b(?= [a-z])": "That's",
}  # fmt: skip

# ---------------------------------------------------------------- the tables, read


def unfolded(text: str) -> str:
    """A table with each indented line joined to the one before it."""
    return re.sub(r"\n +", " ", text.strip())


def items(text: str, between: str = ";") -> list[str]:
    return [item for item in (" ".join(part.split()) for part in text.split(between)) if item]


def by_register(text: str) -> dict[str, list[str]]:
    """The lines of a table for each of the registers p, n, a, c, f."""
    lines = [line.split(": ", 1) for line in unfolded(text).splitlines()]
    return {register: [line for names, line in lines if register in names] for register in "pnacf"}


def readable(name: str) -> str:
    return name.replace("_", " ")


PEOPLES = []  # (family name first, women's names, men's names, family names)
for _line in unfolded(PEOPLE).splitlines():
    _women, _men, _families = (part.split() for part in _line.lstrip("+ ").split("; "))
    PEOPLES.append((_line.startswith("+"), _women, _men, _families))
TOWN_NAMES = [readable(town) for town in TOWNS.split()]
GREETINGS, OPENINGS, BRIDGES, REMARKS, WISHES, CLOSINGS, SIGNS = (
    by_register(table) for table in (GREETINGS, OPENINGS, BRIDGES, REMARKS, WISHES, CLOSINGS, SIGNS)
)
NAMELESS = {kind: items(text) for kind, text in NAMELESS.items()}
DETAILS = {
    kind: [part.strip() for line in unfolded(text).splitlines() for part in line.split(" | ")]
    for kind, text in DETAILS.items()
}
INTRODUCTIONS = items(INTRODUCTIONS.replace("|\n", "| ").replace(" | ", "\f"), "\f")
LISTS = {name: items(text) for name, text in LISTS.items()}
FIRMS = {kind: items(text) for kind, text in FIRMS.items()}


@dataclass(frozen=True)
class Thing:
    """A thing: its words without an article, its noun, whether it is plural; what else the table says of it."""

    words: str
    noun: str
    plural: bool = False
    more: str = ""
    kind: str = ""

    def __str__(self) -> str:
        """Its words."""
        return self.words

    def form(self, form: str) -> str:
        """The thing in a form: with an article, its pronoun, or a verb that agrees with it."""
        pronouns = {"they": ("it", "they"), "them": ("it", "them"), "one": ("one", "some")}
        verbs = {"is": "are", "was": "were", "has": "have", "are": "are"}
        if form == "a":
            return self.words if self.plural or re.match(r"(an?|the|some) ", self.words) else with_article(self.words)
        if form in ("the", "my"):
            return f"{form} {self.words}"
        if form == "head":
            return self.noun
        if form in pronouns:
            return pronouns[form][self.plural]
        if form in ("fails", "fail"):
            return self.more or self.words
        if form == "are" and not self.plural:
            return "is"
        return verbs.get(form, form.removesuffix("s")) if self.plural else form


@dataclass(frozen=True)
class Person:
    """A person: the name as written, and its parts."""

    name: str
    first: str
    family: str
    woman: bool

    def __str__(self) -> str:
        """The name."""
        return self.name

    def form(self, form: str) -> str:
        """The first name, a pronoun, or whose child it is."""
        if form == "first":
            return self.first
        pairs = {"he": "she he", "his": "her his", "him": "her him", "child": "daughter son"}
        return pairs[form].split()[not self.woman]


@dataclass
class Case:
    """One thing that can happen: how it is told, and what can be wished."""

    situation: str
    kind: str
    subjects: list[str]
    details: list[str]
    stories: list[str]
    topics: list[str]
    wishes: list[str]
    angry: bool
    plain: bool  # may tell without a wish
    things: list[str]  # the kinds of its thing x; none: all


@functools.cache
def cases() -> list[Case]:
    found: list[Case] = []
    for block in unfolded(SITUATIONS).split("\n@ "):
        head, _, rest = block.removeprefix("@ ").partition("\n")
        name, kind, *of = head.split(" | ")
        paragraphs: list[list[str]] = [[]]
        told = False  # a story begins a case, unless the line before it was a story too or a mark of anger
        for line in rest.splitlines():
            if not line:
                continue
            starts = line[0] == "^" or (line[0] == ">" and not told)
            if starts:
                paragraphs.append([])
            paragraphs[-1].append(line)
            told = line[0] in ">^"

        def lines(mark: str, paragraph: list[str]) -> list[str]:
            return [line[2:].strip() for line in paragraph if line[0] == mark and line[2:]]

        shared, *rest_ = paragraphs
        for paragraph in rest_:
            plain = any(line[0] == "!" for line in paragraph)
            wishes = lines("?", paragraph) or ([] if plain else lines("?", shared))
            found.append(
                Case(
                    name, kind, lines("#", shared), lines("+", shared), lines(">", paragraph),
                    items(lines("%", paragraph)[0]), wishes,
                    any(line[0] == "^" for line in paragraph), plain, of[0].split() if of else [],
                )
            )  # fmt: skip
    return found


@dataclass(frozen=True)
class Letter:
    """A text, a summary of it, what kind of name (PER, LOC, ORG) each name is that may stand in it, what it is about."""

    text: str
    summary: str
    names: dict[str, str]
    topics: tuple[str, ...]


@functools.cache
def chats() -> list[list[str]]:
    return [block.strip().splitlines() for block in unfolded(CHATS).split("\n\n")]


# ---------------------------------------------------------------- facts


def with_article(words: str) -> str:
    """`words` with a or an before them, by the sound of their beginning."""
    first = words.lower()
    vowel = first[0] in "aeiou" and not re.match(r"(uni|use|uku|eu|one\b)", first)
    return ("an " if vowel or first.startswith(("hour", "x-ray", "8", "11", "18")) else "a ") + words


class Facts:
    """The facts of one letter, each drawn when a sentence first asks for it, and the sentences written from them."""

    def __init__(self, rng: random.Random):
        """Nothing is known yet."""
        self.rng = rng
        self.values: dict[str, object] = {}
        self.start: int | None = None  # the day of which the letter tells first, and how dates are written
        self.style = 0
        self.clock: int | None = None  # the same for the time of the day
        self.clock_style = 0
        self.kinds: list[str] = []  # of the thing x; none: all
        self.choices: dict[str, int] = {}
        self.used: set[str] = set()
        self.names: dict[str, str] = {}  # of people, towns and firms, with PER, LOC or ORG

    def __getitem__(self, name: str):
        """The fact of this name, drawn if it is new."""
        if name not in self.values:
            kind = name.rstrip("0123456789")
            if name in ("date0", "date2"):
                self["date"]  # which is drawn first
            elif name == "hour2":
                self["hour"]
            for _ in range(30):
                if name in ("date0", "date2"):
                    value = drawn_date(self, self.rng.randrange(3, 40) * (1 if name == "date2" else -1))
                else:
                    value = drawn_hour(self, after=True) if name == "hour2" else self.draw(kind)
                if str(value) not in self.used:
                    break
            self.used.add(str(value))
            self.values[name] = value
        return self.values[name]

    def choose(self, options: list):
        """One of them."""
        return options[int(self.rng.random() * len(options))]

    def write(self, template: str, agreeing: bool = True) -> str:
        """`template` with its choices made and facts filled in. Where `agreeing`, the same choice falls alike again."""
        while found := re.search(r"[\[<](?:(\w):)?([^\[\]<>]*)[\]>]", template):
            options = found[2].split("|")
            key = found[1] or found[2]
            if not agreeing or key not in self.choices:
                choice = int(self.rng.random() * len(options))
                if agreeing:
                    self.choices[key] = choice
            else:
                choice = self.choices[key]
            template = template[: found.start()] + options[choice % len(options)] + template[found.end() :]
        return re.sub(r"\{(\w+)(?::(\w+))?\}", self.fill, template)

    def fill(self, found: re.Match) -> str:
        """The words for a fact in braces."""
        value = self[found[1]]
        if found[2]:
            return value.form(found[2])
        words = str(value)
        return self.write(words, agreeing=False) if "{" in words or "[" in words else words

    def forget(self, digits: str) -> None:
        """Drop the facts with these digits, so that the next remark has others."""
        self.values = {name: value for name, value in self.values.items() if name[-1] not in digits}

    def draw(self, kind: str):
        """A new fact of a kind."""
        if kind in DRAWN:
            return DRAWN[kind](self)
        entry = self.choose(LISTS[kind])
        words, _, more = (entry, "", "") if "[" in entry else entry.partition("|")
        plural = words.endswith("+") or more.startswith("+")
        words = words.rstrip("+")
        return Thing(words, words, plural, more)

    def thing(self, kind: str | None = None) -> Thing:
        """Something that one can buy, lend, lose or break."""
        kind = kind or self.choose(list(THINGS))
        nouns, before, _, _ = thing_lists()[kind]
        noun = self.choose(nouns)
        words = noun.rstrip("+")
        roll = self.rng.random()
        if roll > 0.35:
            words = f"{self.choose(before)} {words}"
        elif roll > 0.12 and kind != "music":
            words = f"{self.choose(COLOUR_NAMES)} {words}"
        return Thing(words, noun.rstrip("+"), noun.endswith("+"), kind=kind)

    def person(self) -> Person:
        """Somebody whose names nobody else in this letter has."""
        family_first, women, men, families = self.choose(PEOPLES)
        woman = self.rng.random() < 0.5
        for _ in range(20):
            first, family = readable(self.choose(women if woman else men)), readable(self.choose(families))
            if first not in self.used and family not in self.used:
                break
        self.used |= {first, family}
        name = f"{family} {first}" if family_first else f"{first} {family}"
        self.names |= dict.fromkeys((name, first, family, f"{first[0]}. {family}"), "PER")
        return Person(name, first, family, woman)

    def firm(self, kind: str) -> str:
        """An invented name for an addressee of this kind."""
        invented = self.choose(NAME_FRONTS.split()) + self.choose(NAME_BACKS.split())
        f, f2 = self.person().family, self.person().family
        parts = {
            "f": f,
            "f2": f2,
            "w": invented,
            "t": drawn_town(self),
            "s": drawn_s(self),
            "g": self.choose(items(GOODS)),
        }
        name = self.choose(FIRMS[kind]).format(**parts)
        self.names[name.removeprefix("the ")] = "ORG"
        return name


COLOUR_NAMES = items(COLOURS)
COIN_LIST = [(coin, tuple(map(int, span.split("-")))) for coin, span in (item.split("|") for item in items(COINS))]
LISTS["word"] = LISTS["word"][0].split()


@functools.cache
def thing_lists() -> dict[str, tuple[list[str], ...]]:
    return {kind: tuple(items(table) for table in tables) for kind, tables in THINGS.items()}


def drawn_x(facts: Facts) -> Thing:
    return facts.thing(facts.choose(facts.kinds) if facts.kinds else None)


def drawn_z(facts: Facts) -> Thing:
    return facts.thing()


def drawn_y(facts: Facts) -> Thing:
    first = facts["x"]
    while (other := facts.thing(first.kind if facts.rng.random() < 0.7 else None)).noun == first.noun:
        pass
    return other


def drawn_defect(facts: Facts) -> str:
    return facts.choose(thing_lists()[facts["x"].kind][2])


def drawn_part(facts: Facts) -> Thing:
    words = facts.choose(thing_lists()[facts["x"].kind][3])
    return Thing(words, words, words.endswith("s") or words == "the dice")


def drawn_colour(facts: Facts) -> str:
    return facts.choose(COLOUR_NAMES)


def drawn_me(facts: Facts) -> Person:
    return facts.person()


def drawn_p(facts: Facts) -> Person:
    """Somebody else: with a whole name, a first name, or a title."""
    who = facts.person()
    title = facts.choose(["Ms", "Mrs", "Ms", "Dr"] if who.woman else ["Mr", "Mr", "Dr"])
    name = facts.choose([who.name, who.name, who.first, who.first, f"{title} {who.family}"])
    return Person(name, who.first, who.family, who.woman)


def drawn_n(facts: Facts) -> Person:
    who = facts.person()
    return Person(facts.choose([who.name, who.first]), who.first, who.family, who.woman)


def drawn_c(facts: Facts) -> Person:
    who = facts.person()
    return Person(who.first, who.first, who.family, who.woman)


def drawn_pf(facts: Facts) -> str:
    return facts.person().family


def drawn_sum(facts: Facts) -> str:
    coin, span = facts.choose(COIN_LIST)
    amount = round(facts.rng.uniform(*span) ** facts.rng.choice([1, 1, 0.85]))
    step = 100 if span[1] > 9000 else 5 if amount > 60 and facts.rng.random() < 0.6 else 1
    amount = max(step, amount // step * step)
    if coin in "€£$":
        cents = f".{facts.rng.choice(['50', '99', '20', '75'])}" if amount < 200 and facts.rng.random() < 0.3 else ""
        return f"{coin}{amount:,}{cents}"
    return f"{amount:,} {coin}"


def drawn_num(facts: Facts) -> str:
    return facts.choose(NUMBERS.split())


def drawn_age(facts: Facts) -> str:
    return str(facts.rng.randrange(13, 98))


def drawn_date(facts: Facts, after: int | None = None) -> str:
    """A date; so many days after the one of which the letter tells first, if it has one."""
    start = facts.start if after is not None else facts.rng.randrange(336)
    number, style = (start + (after or 0)) % 336, facts.rng.randrange(5) if after is None else facts.style
    if after is None and facts.start is None:
        facts.start, facts.style = number, style
    day, month = number % 28 + 1, MONTHS.split()[number // 28]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if day not in (11, 12, 13) else 0, "th")
    forms = (
        f"{day} {month}",
        f"{day} {month}",
        f"{month} {day}",
        f"the {day}{ending} of {month}",
        f"{day}{ending} {month}",
    )
    return forms[style]


def drawn_month(facts: Facts) -> str:
    return facts.choose(MONTHS.split())


def drawn_day(facts: Facts) -> str:
    return facts.choose(DAYS.split())


def drawn_hour(facts: Facts, after: bool = False) -> str:
    """A time of the day; later than the one of which the letter tells first, where asked."""
    clock = facts.clock + facts.rng.randrange(4, 17) if after else facts.rng.randrange(32, 76)  # quarters of an hour
    if facts.clock is None:
        facts.clock, facts.clock_style = clock, facts.rng.randrange(4)
    style = facts.clock_style if after else facts.rng.randrange(4)
    hour, quarter = clock // 4, clock % 4
    if style == 0:
        return f"{hour}:{15 * quarter:02d}"
    if style == 1:
        return f"{hour}.{15 * quarter:02d}"
    if style == 2 and quarter == 0:
        return "noon" if hour == 12 else f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}"
    words = HOURS.split()
    past = (
        f"{words[(hour - 1) % 12]} o'clock",
        f"quarter past {words[(hour - 1) % 12]}",
        f"half past {words[(hour - 1) % 12]}",
    )
    return f"quarter to {words[hour % 12]}" if quarter == 3 else past[quarter]


def drawn_town(facts: Facts) -> str:
    town = facts.choose(TOWN_NAMES)
    facts.names[town] = "LOC"
    return town


def drawn_s(facts: Facts) -> str:
    return facts.choose(STREETS.split())


def drawn_street(facts: Facts) -> str:
    ending = facts.choose(["Street", "Road", "Lane", "Street", "Avenue", "Square", "Close"])
    return f"{facts.rng.randrange(1, 180)} {drawn_s(facts)} {ending}"


def drawn_order(facts: Facts) -> str:
    number = facts.rng.randrange(1000, 99999)
    letter = facts.choose(list("ABCDEFGHKLMNPRSTVWX"))
    return facts.choose(
        [f"{number}", f"{letter}{number}", f"{number}-{letter}", f"{number // 10}/{facts.rng.randrange(10, 99)}"]
    )


def drawn_firm(facts: Facts) -> str:
    return facts.firm(facts.choose(["shop", "employer", "provider", "garage"]))


def drawn_book(facts: Facts) -> str:
    one, two, three = facts.rng.sample(LISTS["word"], 3)
    parts = {"thing": one, "thing2": two, "w": three, "f": facts.person().family}
    title = facts.choose(LISTS["book"]).format(**parts, t=drawn_town(facts), month=drawn_month(facts))
    title = re.sub(r"\bA (?=[AEIOU])", "An ", title)
    return f'"{title}"' if facts.rng.random() < 0.6 else title


DRAWN = {  # how a fact is drawn, where it does not come from a list
    "x": drawn_x,
    "y": drawn_y,
    "defect": drawn_defect,
    "part": drawn_part,
    "colour": drawn_colour,
    "me": drawn_me,
    "p": drawn_p,
    "n": drawn_n,
    "c": drawn_c,
    "pf": drawn_pf,
    "sum": drawn_sum,
    "num": drawn_num,
    "age": drawn_age,
    "date": drawn_date,
    "month": drawn_month,
    "day": drawn_day,
    "hour": drawn_hour,
    "town": drawn_town,
    "s": drawn_s,
    "street": drawn_street,
    "order": drawn_order,
    "firm": drawn_firm,
    "book": drawn_book,
    "z": drawn_z,
    "q": drawn_p,
    "A": drawn_c,
    "B": drawn_c,
    "t": drawn_town,
}

# ---------------------------------------------------------------- letters


def spaced(text: str) -> str:
    """Single spaces, none before a comma, a full stop or a line break."""
    return re.sub(r" +([,.;!?\n])", r"\1", re.sub(r"[^\S\n]+", " ", text)).strip()


def tidy(text: str) -> str:
    """Spaced, with a capital letter at the beginning of each sentence."""
    text = spaced(text)
    text = re.sub(r"([,;])(?=[.,;!?])|\.(?=[.!?](?!\.))", "", text)
    return re.sub(r"(^|[.!?] |\n)([a-z])", lambda found: found[1] + found[2].upper(), text)


def name_of(facts: Facts, register: str) -> str:
    """How the writer signs."""
    me: Person = facts["me"]
    if register == "c" or (register in "pn" and facts.rng.random() < 0.15):
        return me.first
    roll = facts.rng.random()
    if roll < 0.1:
        return f"{me.first[0]}. {me.family}"
    return f"{facts.choose(['Dr', 'Dr', 'Prof.'])} {me.name}" if roll < 0.16 else me.name


def greeting_name(facts: Facts, case: Case, register: str) -> str:
    if case.kind == "group":
        return facts.write("[all|everyone|everybody|friends|all of you]", False)
    if case.kind != "person":
        return facts.firm(case.kind)
    who = facts.person()
    if register == "c" or facts.rng.random() < 0.45:
        return who.first
    return f"{facts.choose(['Ms', 'Mrs', 'Ms'] if who.woman else ['Mr'])} {who.family}" if register != "f" else who.name


TROUBLE = re.compile(
    r"\b(but|broken?|cannot|damaged|ill|instead|left|lost|missing|need|never|no|not|nothing|trouble|while|wrong|yet)\b",
    re.I,
)
SENTENCE = re.compile(r"(?<=[a-z0-9)\"][.!?]) +(?=[A-Z\"])")
LONGEST = 36  # words of a story and its wish that a summary quotes, if it can leave out a sentence of the story


def quoted(text: str, story: str, wishing: str, who: str) -> str:
    """A summary of `text` in its own words: who writes, what happened (`story`), which wish.

    Of a long story the sentences that tell of trouble stay, and of these the longest.
    """
    told, wished = SENTENCE.split(tidy(story)), [tidy(wishing)] if wishing else []
    while len(told) > 1 and len(" ".join(told + wished).split()) > LONGEST:
        told.remove(min(told, key=lambda sentence: (bool(TROUBLE.search(sentence)), len(sentence))))
    quotes = " ".join(sorted(told + wished, key=text.find))
    return f"{who}: {quotes}" if who else quotes


def shorter(text: str) -> str:
    """`text` as the chatty write it."""
    for long, short in SHORTER.items():
        text = re.sub(long, short, text)
    return text


def letter(rng: random.Random) -> Letter | None:
    """One letter; None where it came out too short or too long."""
    facts = Facts(rng)
    case = facts.choose(cases())
    facts.kinds = case.things
    wished = facts.choose(case.wishes) if case.wishes and not (case.plain and rng.random() < 0.5) else None
    if wished and case.angry:
        register = facts.choose(list("ppnnnaaaaf" if case.kind != "person" else "ppnnaaacc"))
    elif case.kind in ("person", "group"):
        register = facts.choose(list("ppnnnccccf"))
    else:
        register = facts.choose(list("pppnnnnff"))
    signed, introduced = rng.random() < 0.75, rng.random() < 0.2
    who = name_of(facts, register) if signed or introduced else ""
    named = rng.random() < (0.75 if case.kind != "group" else 0.9)
    to = greeting_name(facts, case, register)
    facts.values["you"] = to
    facts.values["to"] = to.removeprefix("the ")
    nameless = NAMELESS[case.kind if case.kind in NAMELESS else "firm"]
    greetings = [x for x in GREETINGS[register] if case.kind == "person" or "Dearest" not in x]
    greeting = facts.write(facts.choose(greetings), False) if named else facts.choose(nameless)
    if rng.random() < 0.12:
        greeting = ""

    story = facts.write(facts.choose(case.stories)).strip()
    wishing = ""
    if wished:
        facts.values["v"] = facts.write(wished)
        wishing = facts.write(facts.choose(WISHES[register]), False)

    said: set[str] = set()

    def aside(table: list[str]) -> str:
        facts.forget("89")
        line = facts.choose(table)
        words = "" if line in said else facts.write(line, False)
        said.add(line)
        return words

    opening, closing, remark, bridge = [], [], [], []
    before, middle, after = [], [], []  # what stands before, between and after story and wish
    group = case.kind == "group"
    openings = [x for x in OPENINGS[register] if not group or not re.search(r"[Yy]our|We spoke|Further|reference", x)]
    extras = [(opening, openings), (closing, CLOSINGS[register])]
    if wished and case.angry:
        extras.append((remark, REMARKS[register]))
    if wished and not group and rng.random() < 0.5:
        extras.append((bridge, BRIDGES[register]))
    own = DETAILS.get(case.kind, []) if case.kind in ("person", "group") else DETAILS["firm"]
    if case.kind in TRADES:
        own = own + DETAILS["trade"] + (DETAILS["shop"] if case.kind == "shop" else [])
    angry = [x for x in DETAILS["angry"] if case.kind != "person" or not re.search("office|form|firm", x)]
    for _ in range(5):
        later = facts.choose([case.details, angry] if case.angry and wished else [case.details])
        if later and rng.random() < 0.4:
            extras.append((facts.choose([middle, middle, after]), later))
        else:
            extras.append((facts.choose([before, middle, after]), facts.choose([DETAILS["all"], own])))
    rng.shuffle(extras)
    size, words = rng.triangular(14, 125, 62), len(story.split()) + len(wishing.split())
    while extras and words < size:
        place, table = extras.pop()
        place.append(aside(table))
        words += len(place[-1].split())
    before, middle, after = [*opening, *before], [*remark, *middle, *bridge], [*after, *closing]
    if introduced:
        name, facts.values["me"] = facts["me"], who
        before.insert(0, facts.write(facts.choose(INTRODUCTIONS), False))
        facts.values["me"] = name
    alone = not re.search(
        r"\b(it|them|that|this|one|him|her|some|then|those|there|meanwhile|here)\b", facts.values.get("v", "")
    )
    core = [story, *middle, wishing]
    if wishing and alone and rng.random() < 0.25:
        core = [wishing, story, *(x for x in middle if x not in bridge)]
    sign = ""
    if signed and not (introduced and rng.random() < 0.4):
        sign = facts.write(facts.choose(SIGNS[register]), False) + ("," if rng.random() < 0.8 else "")

    gap, line = facts.choose([("\n\n", "\n"), ("\n", "\n"), ("\n\n", "\n\n"), (" ", " "), ("\n", " ")])
    body = [x for x in (*before, *core, *after) if x]
    if gap != " " and rng.random() < 0.35 and len(body) > 2:
        cut = rng.randrange(1, len(body))
        body = [" ".join(body[:cut]), " ".join(body[cut:])]
    else:
        body = [" ".join(body)]
    rows = []
    if rng.random() < 0.15 and case.subjects:
        rows.append(
            facts.write("[Subject|Subject|Re|Subject line|About]: ", False) + facts.write(facts.choose(case.subjects))
        )
    rows += [greeting, *body]
    if sign:
        rows.append(sign + line + who if rng.random() < 0.85 else who)
    elif signed and not introduced:
        rows.append(who)
    if gap == " " and rows[0] and rows[0] != greeting:
        rows[0] += "."
    text = tidy(gap.join(row for row in rows if row))
    summary = quoted(text, story, wishing, who)
    if register == "c" or (register == "n" and rng.random() < 0.4):
        text, summary = shorter(text), shorter(summary)
    return Letter(text, summary, facts.names, tuple(case.topics)) if 10 <= len(text.split()) <= 150 else None


def chat(rng: random.Random) -> Letter:
    """One talk, whose topics are not told."""
    facts = Facts(rng)
    lines = facts.choose(chats())
    facts.kinds = ["bags", "clothes", "shoes", "electronics", "toys", "music", "sport", "kitchen"]
    facts.values["you2"] = facts.person().first
    told: list[tuple[str, str]] = []
    core: list[tuple[str, str]] = []  # of them what every such talk has
    if rng.random() < 0.5:
        told.append((lines[0].lstrip("*")[0], facts.write(facts.choose(items(CHAT_STARTS)), False)))
    for line in lines:
        if line[0] == "*" and rng.random() < 0.4:
            continue
        speaker, words = line.lstrip("*").split(": ", 1)
        told.append((speaker, facts.write(words)))
        if line[0] != "*":
            core.append(told[-1])
    if rng.random() < 0.5:
        told.append((facts.choose("AB"), facts.write(facts.choose(items(CHAT_ENDS)), False)))
    between, after = facts.choose([("\n", ": "), ("\n", ": "), (" ", ": "), ("\n", " - "), ("\n", "> ")])
    text = spaced(between.join(f"{facts[speaker]}{after}{words}" for speaker, words in told if words))
    most = max("AB", key=lambda speaker: sum(len(words) for one, words in core if one == speaker))
    said = [spaced(words) for speaker, words in core if speaker == most]
    said = [words if words[-1] in ",.!?" else words + "," for words in said[:-1]] + said[-1:]
    return Letter(shorter(text), shorter(f"{facts[most]}: {' '.join(said)}"), facts.names, ())


def letters(count: int, seed: int) -> Iterator[Letter]:
    """`count` letters and talks, the same ones for the same seed."""
    rng = random.Random(seed)
    while count:
        found = chat(rng) if rng.random() < 0.14 else letter(rng)
        if found:
            count -= 1
            yield found


def main() -> None:
    for one in letters(10, seed=0):
        print(f"{one.text}\n    -> {one.summary}\n    {'; '.join(one.topics)}\n")


if __name__ == "__main__":
    main()
