//! What can be exported, and in which forms.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$each:meta])* $one:ident $word:literal; )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$each])* $one, )* }

        impl $name {
            /// All of them.
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$one),*];

            /// The word that travels.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$one => $word,)* }
            }

            /// Reads the word back.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// Which data.
    Kind {
        /// All that is recorded, in one file: what a centre keeps as its own copy.
        Records "records";
        /// Everybody who was screened.
        Participants "participants";
        /// Every answer at screening.
        Answers "answers";
        /// Everybody's code.
        Allocations "allocations";
        /// Preparations, infusions, stops.
        Visits "visits";
        /// Departures from the plan.
        Deviations "deviations";
        /// That codes were broken.
        Breaks "breaks";
        /// What `klero verify` reads.
        Analysis "analysis";
        /// The trail.
        Trail "trail";
        /// SDTM demographics.
        Dm "dm";
        /// SDTM disposition.
        Ds "ds";
        /// SDTM exposure as collected.
        Ec "ec";
        /// SDTM drug accountability.
        Da "da";
        /// SDTM trial arms.
        Ta "ta";
        /// SDTM trial summary.
        Ts "ts";
        /// ADaM subject level.
        Adsl "adsl";
    }
}

words! {
    /// In which form.
    Format {
        /// For spreadsheets.
        Csv "csv";
        /// A workbook.
        Xlsx "xlsx";
        /// One JSON value a line.
        Json "json";
        /// CDISC ODM 1.3.2.
        Odm "odm";
        /// CDISC ODM 2.0.
        Odm2 "odm2";
        /// CDISC Dataset-JSON 1.1.
        DatasetJson "dataset-json";
        /// FHIR R5, one resource a line.
        Fhir "fhir";
    }
}

impl Kind {
    /// Its forms; the first where none is asked for.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Kind::Records => &[Format::Xlsx, Format::Odm, Format::Odm2],
            Kind::Participants => &[Format::Csv, Format::Xlsx, Format::Fhir],
            Kind::Trail => &[Format::Json, Format::Csv],
            Kind::Answers
            | Kind::Allocations
            | Kind::Visits
            | Kind::Deviations
            | Kind::Breaks
            | Kind::Analysis => &[Format::Csv, Format::Xlsx],
            Kind::Dm | Kind::Ds | Kind::Ec | Kind::Da | Kind::Ta | Kind::Ts | Kind::Adsl => {
                &[Format::DatasetJson, Format::Csv, Format::Xlsx]
            }
        }
    }

    /// May somebody have it who may not read participants' records? Then without identity, text, code and level.
    pub fn is_overview(self) -> bool {
        matches!(self, Kind::Participants | Kind::Visits | Kind::Deviations | Kind::Breaks)
    }
}

impl Format {
    /// How a file of it ends.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "jsonl",
            Format::Odm | Format::Odm2 => "xml",
            Format::DatasetJson => "json",
            Format::Fhir => "ndjson",
        }
    }

    /// What it is to a program that receives it.
    pub fn media(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/jsonl; charset=utf-8",
            Format::Odm | Format::Odm2 => "application/xml; charset=utf-8",
            Format::DatasetJson => "application/json",
            Format::Fhir => "application/fhir+ndjson; charset=utf-8",
        }
    }
}
