//! What the statistician of a stage does at home once the trial is over: publishes the secret, and joins arms to codes.

use super::stage::Study;
use crate::sealing::ceremony::ListSecret;
use crate::sealing::disclosure::Disclosure;
use serde_json::Value;
use std::collections::BTreeMap;

impl Study {
    /// What is published at the end.
    pub fn disclosure(&self) -> Disclosure {
        let design = self.list.design();
        Disclosure {
            trial: design.trial.clone(),
            segment: design.segment,
            purpose: design.purpose,
            secret: ListSecret::from_bytes(*self.secret.bytes()),
            beacon: self.beacon.clone(),
            sizes: design.sizes.clone(),
        }
    }

    /// What the list says of each code.
    pub fn arms(&self) -> BTreeMap<String, &str> {
        let manifest = &self.manifest.manifest;
        let rows = self.list.rows().iter();
        rows.map(|row| (row.code.to_string(), row.arm.name(manifest))).collect()
    }

    /// The analysis data set: whom these lines of a trail randomised, with the arm the list gives.
    pub fn data_set<'l>(&self, lines: impl IntoIterator<Item = &'l str>) -> String {
        let arms = self.arms();
        let mut text = "participant,code,arm\n".to_owned();
        for line in lines.into_iter().filter_map(|l| serde_json::from_str::<Value>(l).ok()) {
            if line["act"] == "randomised" {
                let on = |name: &str| line["on"][name].as_str().unwrap_or_default();
                let arm = arms.get(on("code")).copied().unwrap_or_default();
                text.push_str(&format!("{},{},{arm}\n", on("participant"), on("code")));
            }
        }
        text
    }
}
