//! The languages of the mails: words in rough order of frequency, names, and the charsets and encodings
//! that are used for them.

use Transfer::{Base64, EightBit, Quoted, SevenBit};

/// The transfer encoding of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    SevenBit,
    EightBit,
    Quoted,
    Base64,
}

/// How a language is written.
pub struct Language {
    /// How much of the mail is written in it, in percent.
    pub share: u32,
    /// Charsets and transfer encodings, each with its frequency in percent.
    pub forms: &'static [(u32, (&'static str, Transfer))],
    /// The separator of words.
    pub blank: &'static str,
    pub stop: &'static str,
    pub comma: &'static str,
    pub hello: &'static str,
    pub regards: &'static str,
    /// Follows the name of the quoted author in a reply.
    pub wrote: &'static str,
    pub first_names: &'static str,
    pub last_names: &'static str,
    /// Whole words, most frequent first.
    pub words: &'static str,
    /// Syllables for the rest of the vocabulary.
    pub syllables: &'static str,
}

pub const ALL: &[Language] = &[
    Language {
        share: 42,
        forms: &[
            (45, ("us-ascii", SevenBit)),
            (20, ("utf-8", EightBit)),
            (15, ("utf-8", Quoted)),
            (8, ("utf-8", Base64)),
            (7, ("iso-8859-1", Quoted)),
            (4, ("windows-1252", Quoted)),
            (1, ("utf-16", Base64)),
        ],
        blank: " ",
        stop: ".",
        comma: ",",
        hello: "Hello,",
        regards: "Kind regards",
        wrote: "wrote:",
        first_names: "Alice Bob Carol David Emma Frank Grace Henry Irene James Kate Liam Mary Noah \
            Olivia Paul Quentin Rose Sam Tina Ursula Victor Wendy Xavier Yvonne Zach",
        last_names: "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker \
            White Edwards Green Hall Wood Harris Lewis Martin Jackson Clarke O'Neill Turner Hill",
        words: "the to and I a is it you of in for that not on we have this with be my are as at but \
            can your from or was please when if error our has by do an mail account they now will \
            so me printer no what password still login again all page order after there server \
            problem been would just file could working any see invoice new customer message how \
            get work system need time one day help send number network only out user before email \
            update since today try some address thanks same first tell machine find which did \
            change open use then attached screen should installed every back payment issue version \
            refund yesterday software support delivery paper website browser office connection \
            slow cannot reset manual contract cable broken warranty drive backup license router \
            monitor keyboard certificate shipment meeting schedule department colleague",
        syllables: "ab ac ad al an ar as at ba be bel ber bi bra ca cal car cen cer ci co com con cu \
            da de den der di do dra du el em en er es fa fer fi fo for ga ge gra ha hel hi ho in is \
            ka ken la lan le len li lin lo lu ma man mar me men mi min mo mon na ne nes ni no nor \
            o pa pe per pi ple po por pro ra re res ri rin ro ru sa se sen si son sta ster stra su \
            ta te ten ter ti tion to tor tra tri tu un ur us va ve ver vi vo wa wel wi ver y za",
    },
    Language {
        share: 30,
        forms: &[
            (33, ("utf-8", EightBit)),
            (27, ("utf-8", Quoted)),
            (14, ("utf-8", Base64)),
            (12, ("iso-8859-1", Quoted)),
            (5, ("iso-8859-15", Quoted)),
            (4, ("iso-8859-1", EightBit)),
            (5, ("windows-1252", Quoted)),
        ],
        blank: " ",
        stop: ".",
        comma: ",",
        hello: "Guten Tag,",
        regards: "Mit freundlichen Grüßen",
        wrote: "schrieb:",
        first_names: "Jürgen Anna Bernd Christa Dörte Erik Friederike Günther Hans Ingrid Jörg \
            Käthe Lukas Monika Norbert Petra Rüdiger Sabine Thomas Ulrike Völker Werner",
        last_names: "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann \
            Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Krüger Köhler Weiß Böhm",
        words: "die der und ich das ist nicht in es zu wir ein den sie mit auf für eine Sie auch von \
            bitte dass im noch am wenn dem aber haben bei als wie kann sind nach mehr uns an mir \
            Drucker nur so Fehler wird Ihre hat über oder schon Rechnung wurde keine Kunde war zum \
            mein aus jetzt wieder Anmeldung vom unser geht Passwort Ihnen zur vor immer um habe \
            Seite können Bestellung müssen Datei seit Server Grüße einen gestern heute Meldung \
            Lieferung mehrere öffnen funktioniert Gerät möchte Adresse Nachricht später Büro \
            Störung Rückerstattung Konto Kündigung Vertrag Zugang Netzwerk prüfen gelöscht \
            Änderung Anhang Zertifikat Sicherung Schlüssel Gewährleistung Tastatur Bildschirm \
            Lizenz Straße Größe Überweisung Mahnung Termin Besprechung Abteilung Kollege",
        syllables: "ab an auf aus bar be bei ber bür da den der die dorf dün ein en ent er fach fahr \
            fen fer fluß für ge gel gen ger gung gür haus heit her hör keit ker kraft küh lan leh \
            len ler lich lig lös ma mel men mit mög nach nen ner nis ob ord pfle plan prü ra rech \
            rei ren rich rück sam schaft schei schlag schlüs schrei see sen sicht spra stadt stel \
            sten stra süd tag tech tei ten ter tig tra tür über um un ung ver vor wal wär wei werk \
            wes wirt zäh zei zen zer zug zün",
    },
    Language {
        share: 7,
        forms: &[
            (35, ("utf-8", EightBit)),
            (25, ("utf-8", Quoted)),
            (15, ("utf-8", Base64)),
            (15, ("iso-8859-1", Quoted)),
            (10, ("iso-8859-15", EightBit)),
        ],
        blank: " ",
        stop: ".",
        comma: ",",
        hello: "Bonjour,",
        regards: "Cordialement",
        wrote: "a écrit :",
        first_names: "Amélie Benoît Chloé Didier Élodie François Gaëlle Hervé Inès Jérôme Léa Noël",
        last_names: "Martin Bernard Dubois Lefèvre Moreau Girard Lemaître Fournier Côté Chevalier",
        words: "de la le et les à je vous est pour en que pas un ne dans une il nous des du ce sur \
            qui plus avec au par mais bonjour merci mon erreur votre sont imprimante facture cette \
            être compte fait adresse si tout message toujours même depuis commande après très peut \
            problème hier aujourd'hui fichier réseau livraison numéro mot passe serveur écran \
            téléphone réponse déjà remboursement contrat accès clé système périphérique garantie",
        syllables: "a an au bi bo ca ce cé che ci co con cou da dé di dou é eau en fa fi fon ga gé \
            gra i in la le lé li lo lu ma mé men mi mo na né ni on ou pa pé per pi plai po pré qua \
            ra ré ri ro sa sé si so sou ta té ti tion tou tra tu va vé vi vo",
    },
    Language {
        share: 4,
        forms: &[
            (40, ("utf-8", Quoted)),
            (30, ("utf-8", EightBit)),
            (15, ("utf-8", Base64)),
            (15, ("iso-8859-2", Quoted)),
        ],
        blank: " ",
        stop: ".",
        comma: ",",
        hello: "Dzień dobry,",
        regards: "Z poważaniem",
        wrote: "napisał(a):",
        first_names: "Agnieszka Bartłomiej Danuta Elżbieta Grzegorz Jarosław Łukasz Małgorzata",
        last_names: "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński",
        words: "w i na się z do nie jest to że od o po proszę jak mam dla tym być za co mi drukarka \
            błąd hasło konto faktura zamówienie dziękuję już tylko czy wiadomość plik sieć numer \
            jeszcze może przez wczoraj dzisiaj adres strona serwer płatność umowa gwarancja ekran",
        syllables: "a bie by cie cza dła do dzie go gra i je ka ko kła ła łą ma mię mo na nie no o \
            pa po prze ra rę rzy sa ska stę szy ta to tro u wa wi wy za zę zna że żo",
    },
    Language {
        share: 6,
        forms: &[
            (38, ("utf-8", Base64)),
            (22, ("utf-8", EightBit)),
            (12, ("koi8-r", Base64)),
            (10, ("koi8-r", EightBit)),
            (12, ("windows-1251", Base64)),
            (6, ("windows-1251", EightBit)),
        ],
        blank: " ",
        stop: ".",
        comma: ",",
        hello: "Здравствуйте,",
        regards: "С уважением",
        wrote: "пишет:",
        first_names: "Анна Борис Виктор Галина Дмитрий Елена Игорь Людмила Михаил Наталья Ольга",
        last_names: "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков",
        words: "и в не на я что с по это как мы у для вы за но из от так же к о при пожалуйста есть \
            письмо ошибка принтер пароль заказ счёт если ещё был только после уже нет все можно \
            работает адрес сервер файл сообщение почта вчера сегодня номер сеть доставка договор \
            оплата экран возврат клавиатура гарантия пользователь система версия спасибо страница",
        syllables: "а бе бо ва ве ви во га го да де ди до е же за зна и ка ки ко ла ле ли ло ма ме \
            ми мо на не ни но об о па пе пи по пре при ра ре ри ро са се си со ста сти та те ти то \
            тра у фи ха це ча че ша ще ы э ю я",
    },
    Language {
        share: 5,
        forms: &[
            (45, ("utf-8", Base64)),
            (15, ("utf-8", EightBit)),
            (25, ("gb18030", Base64)),
            (15, ("gb18030", EightBit)),
        ],
        blank: "",
        stop: "。",
        comma: ",",
        hello: "您好:",
        regards: "此致敬礼",
        wrote: "写道:",
        first_names: "伟 芳 秀英 敏 静 强 磊 洋 艳 勇 杰 娟 涛 明 超",
        last_names: "王 李 张 刘 陈 杨 黄 赵 周 吴 徐 孙 马 朱",
        words: "的 我 是 不 了 在 我们 有 您 这个 请 和 也 可以 都 没有 就 要 现在 打印机 错误 密码 订单 \
            发票 问题 无法 登录 邮件 系统 服务器 网络 文件 今天 昨天 地址 付款 退款 合同 客户 支持 \
            软件 屏幕 键盘 更新 版本 安装 帮助 谢谢 收到 发送 公司 产品 使用 时间 号码 页面 连接",
        syllables: "一 人 大 上 中 下 到 说 国 出 来 年 生 会 家 学 对 下 作 开 手 十 主 方 成 行 面 同 \
            工 也 动 用 定 分 于 种 力 本 长 知 前 小 天 多 进 心 自 所 高 加 实 物 理 体 都 点 月 \
            业 外 将 两 性 与 应 部 机 最 当 度 把 好 全 关 明 量 制 内 化 合 头 问 很 新 重 意 情 \
            无 从 又 口 气 数 表 原 水 相 使 些 后 样 第 正 比 员 结 解 流 路 通 社 入 反 回 建 展",
    },
    Language {
        share: 4,
        forms: &[
            (45, ("iso-2022-jp", SevenBit)),
            (35, ("utf-8", Base64)),
            (20, ("shift_jis", Base64)),
        ],
        blank: "",
        stop: "。",
        comma: "、",
        hello: "お世話になっております。",
        regards: "よろしくお願いいたします。",
        wrote: "さんの書き込み:",
        first_names: "太郎 花子 一郎 次郎 美咲 健太 陽子 直樹 由美 浩二",
        last_names: "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田",
        words: "の に は を た が で と し て です ます も から ない こと ください する この ため 私 \
            エラー プリンター パスワード 注文 請求書 問題 メール サーバー ログイン ネットワーク \
            ファイル 今日 昨日 住所 支払い 返金 契約 お客様 サポート ソフト 画面 キーボード 更新 \
            バージョン お願い 確認 送信 受信 会社 製品 使用 時間 番号 ページ 接続 設定 変更 保証",
        syllables: "日 一 国 人 年 大 十 二 本 中 長 出 三 時 行 見 月 後 前 生 五 間 上 東 四 今 金 九 \
            入 学 高 円 子 外 八 六 下 来 気 小 七 山 話 女 北 午 百 書 先 名 川 千 水 半 男 西 電 \
            校 語 土 木 聞 食 車 何 南 万 毎 白 天 母 火 右 読 友 左 休 父 雨 ア イ ン ス ト ル ラ \
            リ コ ク シ タ テ ナ マ ム メ モ ロ ー",
    },
    Language {
        share: 2,
        forms: &[
            (50, ("utf-8", Base64)),
            (25, ("utf-8", EightBit)),
            (25, ("windows-1256", Base64)),
        ],
        blank: " ",
        stop: ".",
        comma: "،",
        hello: "مرحبا،",
        regards: "مع أطيب التحيات",
        wrote: "كتب:",
        first_names: "محمد أحمد فاطمة علي مريم عمر ليلى حسن نور يوسف",
        last_names: "الحسن المصري حداد خليل منصور سالم عباس ناصر",
        words: "من في على أن إلى هذا لا ما هو مع لم كان عن التي بعد قد أو كل هل لكن شكرا خطأ الطابعة \
            كلمة المرور الحساب الطلب الفاتورة الخادم الشبكة الملف الرسالة العنوان اليوم أمس الدفع \
            العقد الشاشة البريد النظام المشكلة العميل الموقع الرقم الصفحة الدعم البرنامج التحديث",
        syllables: "با تا ثا جا حا خا دا را سا شا صا طا عا فا قا كا لا ما نا ها وا يا بي تي دي ري سي \
            في كي لي مي ني بو تو دو رو سو كو لو مو نو ال مس مت ان ست",
    },
];
