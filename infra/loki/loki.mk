# Loki on this machine, without Docker.
LOKI_SH := infra/loki/server/loki.sh
LOKI_DIR := .tools/loki

.PHONY: loki-up loki-down

loki-up:  ## Loki on http://127.0.0.1:3100, built by Go the first time (15 minutes); its data stays in .tools/loki
	@$(LOKI_SH) install $(LOKI_DIR) && $(LOKI_SH) start-background $(LOKI_DIR)

loki-down:  ## stop what loki-up started; the data stays
	@$(LOKI_SH) stop $(LOKI_DIR)
