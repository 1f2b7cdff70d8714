"""The texts of the dashboards in French, by their English ones."""

FRENCH = {
    "Ingestion runs": "Exécutions d'ingestion",
    "Runs of ingestions: their health, reliability and performance, and what failed.": (
        "Exécutions des ingestions : santé, fiabilité, performance et échecs."
    ),
    "Other language": "Autre langue",
    "Source": "Source",
    "Object": "Objet",
    "Company": "Entreprise",
    "Zone": "Zone",
    "Window": "Fenêtre",
    "Freshness (minutes)": "Fraîcheur (minutes)",
    "1. Overview: the ingestion's health": "1. Vue d'ensemble : santé de l'ingestion",
    "2. Reliability: errors and service levels": "2. Fiabilité : erreurs et niveaux de service",
    "3. Performance: latency and throughput": "3. Performance : latence et débit",
    "4. Details by connector: sources and objects": "4. Détails par connecteur : sources et objets",
    "5. Last error messages": "5. Derniers messages d'erreur",
    "Successes": "Succès",
    "Failures": "Échecs",
    "Runs": "Exécutions",
    "Runs by state": "Exécutions par état",
    "Runs that were counted in the chosen period.": "Exécutions comptées pendant la période choisie.",
    "Last run of each object": "Dernière exécution de chaque objet",
    "How many objects' last run succeeded, and how many failed.": (
        "Nombre d'objets dont la dernière exécution a réussi, et de ceux dont elle a échoué."
    ),
    "Failure rate": "Taux d'échec",
    "Of the runs that were counted in the chosen period. The limit is 2 %.": (
        "Parmi les exécutions comptées pendant la période choisie. Le seuil est de 2 %."
    ),
    "Duration (p95)": "Durée (p95)",
    "95 % of the runs took no longer; estimated from the histogram's buckets. The limit is 60 s.": (
        "95 % des exécutions n'ont pas duré plus longtemps ; estimation d'après les classes de l'histogramme. "
        "Le seuil est de 60 s."
    ),
    "Maximum memory": "Mémoire maximale",
    "The most that a run took which began in the chosen period. The limit is 150 MB (of 1,048,576 bytes).": (
        "Le maximum utilisé par une exécution commencée pendant la période choisie. "
        "Le seuil est de 150 Mo (de 1 048 576 octets)."
    ),
    "Timeline of runs": "Chronologie des exécutions",
    "Runs by state, when they were counted.": "Exécutions par état, au moment où elles ont été comptées.",
    "Slowest sources (p95 of the duration)": "Sources les plus lentes (p95 de la durée)",
    "The ten sources whose runs take longest, in the chosen period.": (
        "Les dix sources dont les exécutions durent le plus longtemps, pendant la période choisie."
    ),
    "Failure rate, in all and by source": "Taux d'échec, global et par source",
    "Of the runs counted in the window that ends at each point. The limit is 2 %.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point. Le seuil est de 2 %."
    ),
    "All sources": "Toutes les sources",
    "Alerts": "Alertes",
    "The rules about ingestion that fire, or are about to.": (
        "Les règles d'ingestion qui sont déclenchées, ou sur le point de l'être."
    ),
    "MTTR": "MTTR",
    "MTTR by source and object": "MTTR par source et objet",
    "From the start of a run that failed to the end of the next one that succeeded of the same source and object, "
    "on average of what recovered in the chosen period.": (
        "Du début d'une exécution en échec à la fin du succès suivant de la même source et du même objet ; moyenne des "
        "rétablissements de la période choisie."
    ),
    "Freshness (SLO)": "Fraîcheur (SLO)",
    "The share of sources whose last run is no older than the chosen freshness. All should be.": (
        "Part des sources dont la dernière exécution ne dépasse pas la fraîcheur choisie. Toutes devraient y être."
    ),
    "Time since the last run, by source": "Temps écoulé depuis la dernière exécution, par source",
    "Red from 75 minutes on, when the alert fires.": "En rouge à partir de 75 minutes, quand l'alerte se déclenche.",
    "Duration by source (p50, p95, p99)": "Durée par source (p50, p95, p99)",
    "Of the runs counted in the window that ends at each point. The limit is 60 s.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point. Le seuil est de 60 s."
    ),
    "Duration by source and object": "Durée par source et objet",
    "Of the runs counted in the chosen period.": "Parmi les exécutions comptées pendant la période choisie.",
    "Throughput: runs per 5 min, by source": "Débit : exécutions par 5 min, par source",
    "Runs counted in five minutes; in wide bars, their mean.": (
        "Exécutions comptées en cinq minutes ; dans les barres plus larges, leur moyenne."
    ),
    "Of the runs counted in the window that ends at each point.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point."
    ),
    "CPU time by source (p95)": "Temps CPU par source (p95)",
    "Memory by source (p95)": "Mémoire par source (p95)",
    "The last 500 runs that began in the chosen period. Each column can be filtered.": (
        "Les 500 dernières exécutions commencées pendant la période choisie. Chaque colonne peut être filtrée."
    ),
    "Start": "Début",
    "End": "Fin",
    "State": "État",
    "Duration": "Durée",
    "CPU time": "Temps CPU",
    "Memory": "Mémoire",
    "Description": "Description",
    "Transformation": "Transformation",
    "Last 5 failures": "5 derniers échecs",
    "The runs that failed last, of those that began in the chosen period.": (
        "Les dernières exécutions en échec parmi celles qui ont commencé pendant la période choisie."
    ),
}
